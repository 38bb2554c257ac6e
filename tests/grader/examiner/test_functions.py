"""The functions a program may call: arithmetic, and nothing that reads, writes or runs anything else."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch

from grader.examiner.functions import (
    FOREACH,
    GETTERS,
    INPLACE,
    OUT,
    PLACES,
    PLAIN,
    STATISTICS,
    _names,
    function,
    writes,
    written,
)

DANGEROUS = _names(
    "apply_ as_strided backward clear compile data_ptr dlpack exec eval export file from_file from_numpy fork "
    "frombuffer from_dlpack import jit load load_library map_ map2_ numpy open ops hub package pickle record_stream "
    "register_hook retain_grad save script set set_ set_default_device set_default_dtype set_grad_enabled "
    "set_num_threads set_printoptions set_rng_state share_memory_ storage sys os to_dlpack tolist trace_ "
    "untyped_storage use_deterministic_algorithms manual_seed seed item resize_ __reduce__ __reduce_ex__ "
    "__setstate__ __array__ __class__ __dict__ __init__ __getattribute__ __subclasses__ __deepcopy__ __del__ "
    "__dlpack__ __torch_function__ __import__"
)


@pytest.mark.parametrize("name", sorted(DANGEROUS))
def test_nothing_dangerous_is_on_the_list(name: str) -> None:
    assert all(function(f"{place}.{name}") is None for place in PLACES) or (
        f"torch.Tensor.{name}" in GETTERS and all(function(f"{p}.{name}") is None for p in list(PLACES)[1:])
    )


@pytest.mark.parametrize(
    "name",
    [
        "torch.load",
        "torch.save",
        "torch.Tensor.numpy",
        "torch.Tensor.__reduce__",
        "torch.ops.aten.add",
        "torch.ops.load_library",
        "torch.hub.load",
        "torch.jit.script",
        "torch.nn.functional.torch",
        "torch.linalg.torch",
        "torch.Tensor.add.__call__",
        "torch.Tensor.add.__globals__",
        "torch.Tensor.grad_fn.__get__",
        "torch.Tensor._backward_hooks.__get__",
        "torch._C._foreach_add_",
        "torch.nn.functional._foreach_add_",
        "torch._foreach_",
        "torch._foreach_load",
        "builtins.eval",
        "os.system",
        "add",
        ".add",
        "torch.",
        "torch.Tensor.",
        "torch.Tensor.__",
        "torch.add__",
        "torch.Tensor._add",
        "torch.Tensor.Add",
        " torch.add",
        "",
    ],
)
def test_other_names_give_nothing(name: str) -> None:
    assert function(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "torch.add",
        "torch.Tensor.add_",
        "torch.Tensor.__getitem__",
        "torch.Tensor.__iadd__",
        "torch.nn.functional.relu_",
        "torch.nn.functional.one_hot",
        "torch.linalg.vector_norm",
        "torch._foreach_add_",
        "torch.Tensor.grad.__set__",
        "torch.Tensor.__deepcopy__",
    ],
)
def test_arithmetic_is_on_the_list(name: str) -> None:
    assert callable(function(name))


def test_no_list_holds_anything_dangerous() -> None:
    assert not (PLAIN | FOREACH) & DANGEROUS
    types = {item for name in PLAIN for place in PLACES if (item := function(f"{place}.{name}")) is not None}
    assert not any(isinstance(item, type) for item in types)  # a class could be made something of


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("torch.Tensor.add_", True),
        ("torch.nn.functional.relu_", True),
        ("torch._foreach_add_", True),
        ("torch.Tensor.__setitem__", True),
        ("torch.Tensor.__iadd__", True),
        ("torch.Tensor.__ior__", True),
        ("torch.Tensor.grad.__set__", True),
        ("torch.Tensor.data.__set__", True),
        ("torch.somewhere.unheard_of_", True),
        ("torch.Tensor.add", False),
        ("torch.Tensor.__add__", False),
        ("torch.Tensor.__getitem__", False),
        ("torch.Tensor.__invert__", False),
        ("torch.Tensor.data.__get__", False),
        ("torch._foreach_add", False),
        ("", False),
    ],
)
def test_what_writes_into_what_it_is_given(name: str, changes: bool) -> None:
    assert writes(name) is changes


def test_the_getters_do_what_they_say() -> None:
    tensor = torch.ones(2, 3, requires_grad=True)
    copied = GETTERS["torch.Tensor.__deepcopy__"](tensor)
    assert copied is not tensor
    assert copied.requires_grad
    assert copied.is_leaf
    assert copied.data_ptr() != tensor.data_ptr()
    assert GETTERS["torch.Tensor.data.__get__"](tensor).data_ptr() == tensor.data_ptr()
    assert GETTERS["torch.Tensor.T.__get__"](tensor).shape == (3, 2)
    assert GETTERS["torch.Tensor.mT.__get__"](tensor).shape == (3, 2)
    GETTERS["torch.Tensor.grad.__set__"](tensor, torch.ones(2, 3))
    assert torch.equal(GETTERS["torch.Tensor.grad.__get__"](tensor), torch.ones(2, 3))
    GETTERS["torch.Tensor.data.__set__"](tensor, torch.zeros(1))
    GETTERS["torch.Tensor.requires_grad.__set__"](tensor, False)
    assert torch.equal(tensor, torch.zeros(1))
    assert not tensor.requires_grad


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "changes"),
    [
        ("torch.Tensor.add_", ["a", "b"], {}, ["a"]),
        ("torch.Tensor.copy_", [], {"self": "a"}, [{"self": "a"}]),
        ("torch.add", ["a", "b"], {}, []),
        ("torch.nn.functional.batch_norm", ["x", "m", "v", "w", "b", True], {}, ["m", "v"]),
        ("torch.nn.functional.batch_norm", ["x", "m"], {"running_var": "v", "training": 1}, ["m", "v"]),
        ("torch.nn.functional.batch_norm", ["x", "m"], {"running_var": "v"}, []),
        ("torch.nn.functional.batch_norm", ["x", "m", "v", "w", "b", False], {}, []),
        ("torch.batch_norm", ["x", "w", "b", "m", "v", True], {}, ["m", "v"]),
        ("torch.nn.functional.normalize", ["x", 2.0, 1, 1e-12], {}, []),
        ("torch.nn.functional.normalize", ["x", 2.0, 1, 1e-12, "o"], {}, ["o"]),
        ("torch.nn.functional.relu", ["x"], {}, []),
        ("torch.nn.functional.relu", ["x", False], {}, []),
        ("torch.nn.functional.relu", ["x", True], {}, ["x"]),
        ("torch.nn.functional.relu", ["x"], {"inplace": True}, ["x"]),
        ("torch.nn.functional.dropout", ["x", 0.5, True], {}, []),
        ("torch.nn.functional.dropout", ["x", 0.5, True, True], {}, ["x"]),
        ("torch.nn.functional.elu", [], {"input": "x", "inplace": 1}, [{"input": "x", "inplace": 1}]),
        ("torch.relu", ["x", True], {}, []),
    ],
)
def test_which_of_its_arguments_a_function_changes(
    name: str, args: list[Any], kwargs: dict[str, Any], changes: list[Any]
) -> None:
    assert written(name, args, kwargs) == changes


@pytest.mark.parametrize("place", PLACES)
def test_every_function_that_changes_more_than_its_name_says_is_known_to(place: str) -> None:
    """Whatever takes an `inplace`, an `out` or running statistics is looked at, wherever these stand."""
    seen = 0
    for name in sorted(PLAIN):
        called = function(f"{place}.{name}")
        try:
            known = dict(inspect.signature(called).parameters) if called is not None else {}
        except ValueError:  # written in C: these take `out` by its name alone, and have no `inplace`
            continue
        seen += 1
        places = {key: number for number, key in enumerate(known)}
        full = f"{place}.{name}"
        if "inplace" in known:
            assert place == "torch.nn.functional"
            assert INPLACE[name] == places["inplace"]
        if "running_mean" in known:
            assert STATISTICS[full] == (places["running_mean"], places["running_var"])
        if "out" in known and known["out"].kind is not inspect.Parameter.KEYWORD_ONLY:
            assert OUT[full] == places["out"]
    assert seen
