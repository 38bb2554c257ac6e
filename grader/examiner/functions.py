"""The functions of torch that a claimed program may call: arithmetic, shapes, comparisons, draws; nothing else.

None of them reads or writes a file, runs code, or looks outside the tensors it is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch


def _names(text: str) -> frozenset[str]:
    """Words, as a set."""
    return frozenset(text.split())


PLAIN = _names(
    """
    add sub subtract mul multiply div divide true_divide floor_divide remainder fmod pow neg negative abs
    absolute sqrt rsqrt square reciprocal exp exp2 expm1 log log2 log10 log1p sigmoid tanh relu sin cos tan atan
    floor ceil round trunc frac sign sgn clamp clamp_min clamp_max clip min max minimum maximum fmin fmax amax
    amin argmax argmin sum nansum mean nanmean median var std var_mean prod norm dist dot vdot inner outer
    matmul mm mv bmm addmm addmv addbmm baddbmm addr addcmul addcdiv lerp where eq ne lt le gt ge equal isclose
    allclose logical_and logical_or logical_not logical_xor bitwise_and bitwise_or bitwise_not isfinite isnan
    isinf nan_to_num any all cumsum cumprod softmax log_softmax logsumexp view view_as reshape reshape_as
    flatten unflatten squeeze unsqueeze transpose t permute movedim swapaxes expand expand_as broadcast_to
    repeat repeat_interleave tile chunk split tensor_split unbind stack cat concat hstack vstack dstack
    index_select index_add index_copy index_fill gather scatter scatter_add take take_along_dim masked_fill
    masked_select narrow select roll flip fliplr flipud rot90 diff clone detach contiguous to float double long
    int bool half bfloat16 type_as type copy zero fill fill_diagonal zeros ones full empty zeros_like ones_like
    full_like empty_like rand rand_like randn randn_like randint randint_like randperm bernoulli normal uniform
    multinomial arange linspace eye tensor as_tensor scalar_tensor sort argsort topk nonzero bincount
    requires_grad diag diagonal tril triu trace cov corrcoef cdist one_hot mse_loss l1_loss smooth_l1_loss
    huber_loss cross_entropy nll_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div gelu silu elu
    leaky_relu prelu selu mish hardswish relu6 group_norm batch_norm softplus logsigmoid log_sigmoid hardtanh
    normalize linear dropout dropout2d layer_norm conv1d conv2d max_pool1d max_pool2d avg_pool1d avg_pool2d
    adaptive_avg_pool1d adaptive_avg_pool2d pad unfold cosine_similarity pairwise_distance vector_norm
    matrix_norm new_zeros new_ones new_full new_empty
    new_tensor sub_ rsub numel __getitem__ __setitem__ __add__ __radd__ __iadd__ __sub__ __rsub__ __isub__
    __mul__ __rmul__ __imul__ __truediv__ __rtruediv__ __itruediv__ __div__ __rdiv__ __idiv__ __floordiv__
    __rfloordiv__ __mod__ __rmod__ __pow__ __rpow__ __ipow__ __neg__ __abs__ __matmul__ __rmatmul__ __eq__
    __ne__ __lt__ __le__ __gt__ __ge__ __and__ __or__ __xor__ __invert__ __iand__ __ior__
    """
)
"""Names, without the underscore that says "in place"."""

FOREACH = _names(
    """
    add sub mul div neg abs sqrt exp log pow norm zero copy addcmul addcdiv lerp clamp_min clamp_max minimum
    maximum sign reciprocal
    """
)
GETTERS: dict[str, Callable[..., Any]] = {
    "torch.Tensor.__deepcopy__": lambda tensor: tensor.detach().clone().requires_grad_(tensor.requires_grad),
    "torch.Tensor.data.__get__": lambda tensor: tensor.data,
    "torch.Tensor.grad.__get__": lambda tensor: tensor.grad,
    "torch.Tensor.T.__get__": lambda tensor: tensor.T,
    "torch.Tensor.mT.__get__": lambda tensor: tensor.mT,
    "torch.Tensor.grad.__set__": lambda tensor, value: setattr(tensor, "grad", value),
    "torch.Tensor.data.__set__": lambda tensor, value: setattr(tensor, "data", value),
    "torch.Tensor.requires_grad.__set__": lambda tensor, value: setattr(tensor, "requires_grad", bool(value)),
}
PLACES: dict[str, Any] = {
    "torch.Tensor": torch.Tensor,
    "torch": torch,
    "torch.nn.functional": torch.nn.functional,
    "torch.linalg": torch.linalg,
}


def function(name: str) -> Callable[..., Any] | None:
    """The function of a name as torch.overrides gives it; None where it is not one of those that may be called."""
    if name in GETTERS:
        return GETTERS[name]
    place, _, last = name.rpartition(".")
    found = PLACES.get(place)
    if found is None:
        return None
    if last.startswith("_foreach_"):
        plain = last.removeprefix("_foreach_").removesuffix("_") in FOREACH and place == "torch"
    elif last.startswith("__"):
        plain = last in PLAIN
    else:
        plain = last.removesuffix("_") in PLAIN
    made: Callable[..., Any] | None = getattr(found, last, None) if plain else None
    return made if callable(made) else None


MAKERS = _names(
    """
    zeros ones full empty rand randn randint randperm arange linspace eye tile repeat repeat_interleave expand
    broadcast_to new_zeros new_ones new_full new_empty one_hot pad cdist outer tril triu diag bincount
    adaptive_avg_pool1d adaptive_avg_pool2d
    """
)
"""Functions whose result may be far larger than what they are given."""


PICKS = _names(
    """
    view view_as reshape reshape_as flatten unflatten squeeze unsqueeze transpose t permute movedim swapaxes expand
    expand_as broadcast_to repeat repeat_interleave tile chunk split tensor_split unbind stack cat concat hstack vstack
    dstack index_select gather scatter take take_along_dim masked_select narrow select roll flip fliplr flipud rot90
    clone detach contiguous to float double long int bool half bfloat16 type_as type copy one_hot __getitem__
    __setitem__ __get__ __set__ __deepcopy__ requires_grad
    """
)
"""Functions that pick, move or cast the numbers of tensors, and compute none."""
SHAPES = _names(
    "zeros_like ones_like empty_like rand_like randn_like randint_like new_zeros new_ones new_empty"
)
"""Functions that look at no number of the tensors that they are given."""


def picks(name: str) -> bool:
    """Whether a function computes no number."""
    last = name.rpartition(".")[2]
    return (last if last.startswith("__") else last.removesuffix("_")) in PICKS


def ignores(name: str) -> bool:
    """Whether a function looks at nothing but the shape and type of what it is given."""
    return name.rpartition(".")[2] in SHAPES


def makes(name: str) -> bool:
    """Whether a function's result may be far larger than what it is given."""
    return name.rpartition(".")[2].removesuffix("_") in MAKERS


def writes(name: str) -> bool:
    """Whether a function says by its name that it changes one of the tensors that it is given."""
    last = name.rpartition(".")[2]
    if last.startswith("__"):
        return last == "__setitem__" or last == "__set__" or (last.startswith("__i") and last != "__invert__")
    return last.endswith("_")


STATISTICS = {"torch.nn.functional.batch_norm": (1, 2), "torch.batch_norm": (3, 4)}
"""Where functions are given statistics that they change while training."""
TRAINING = 5
"""Where these are told that they are."""
INPLACE = {
    "dropout": 3,
    "dropout2d": 3,
    "elu": 2,
    "hardtanh": 3,
    "leaky_relu": 2,
    "relu": 1,
    "silu": 1,
    "selu": 1,
    "mish": 1,
    "hardswish": 1,
    "relu6": 1,
}
"""Where functions of torch.nn.functional are told to change their first argument."""
OUT = {"torch.nn.functional.normalize": 4, "torch.norm": 4}
"""Where functions are given an `out` without its name."""


def written(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """Those of a function's arguments that it changes; what is written into may be named."""
    if writes(name):
        return [args[0] if args else kwargs]
    found: list[Any] = []
    if name in STATISTICS and kwargs.get("training", args[TRAINING] if len(args) > TRAINING else False):
        found += [args[place] for place in STATISTICS[name] if place < len(args)]
        found += [kwargs[key] for key in ("running_mean", "running_var") if key in kwargs]
    found += [kwargs["out"]] if "out" in kwargs else []
    found += args[OUT[name] : OUT[name] + 1] if name in OUT else []
    module, _, last = name.rpartition(".")
    place = INPLACE.get(last) if module == "torch.nn.functional" else None
    if place is not None and (args[place] if place < len(args) else kwargs.get("inplace")):
        found += [args[0] if args else kwargs]
    return found


def elements(value: Any) -> int:
    """As many elements as whole numbers among arguments can be the sizes of, at the most, times those of tensors."""
    if isinstance(value, bool) or value is None:
        return 1
    if isinstance(value, int):
        return max(abs(value), 1)
    if isinstance(value, torch.Tensor):
        return max(value.numel(), 1)
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return math.prod(map(elements, items))
