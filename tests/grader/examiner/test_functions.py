"""The functions a program may call: arithmetic, and nothing that reads, writes or runs anything else."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.examiner.functions import FOREACH, GETTERS, PLACES, PLAIN, _names, function, writes, written

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


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "changed"),
    [
        ("torch.Tensor.add_", ["a", "b"], {}, ["a"]),
        ("torch.clamp_", [], {"input": "a", "min": "b"}, ["a", "b"]),
        ("torch._foreach_copy_", [["a", "b"], ["c", "d"]], {}, [["a", "b"]]),
        ("torch.nn.functional.batch_norm", ["x", "a", "b", "w", "c"], {"training": True}, ["a", "b"]),
        ("torch.nn.functional.batch_norm", ["x"], {"running_var": "b", "running_mean": "a"}, []),
        (
            "torch.nn.functional.batch_norm",
            ["x"],
            {"running_var": "b", "training": True, "running_mean": "a"},
            ["a", "b"],
        ),
        ("torch.nn.functional.batch_norm", ["x", "a", "b", "w", "c", False], {}, []),
        ("torch.nn.functional.batch_norm", ["x", "a", "b", "w", "c", 1], {}, ["a", "b"]),
        ("torch.batch_norm", ["x", "w", "c", "a", "b", True], {}, ["a", "b"]),
        ("torch.Tensor.add", ["a", "b"], {}, []),
    ],
)
def test_what_is_written_to_is_found_wherever_it_stands(
    name: str, args: list[Any], kwargs: dict[str, Any], changed: list[Any]
) -> None:
    assert written(name, args, kwargs) == changed


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
