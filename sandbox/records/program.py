"""The program of a run: each step's operations with their operands, so that a trusted process can execute them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.records.base import Record


@dataclass(frozen=True, kw_only=True)
class Script(Record):
    """The operations between two steps, in order.  Each is a list, its first entry says what it does:

    ["I", loader]                           a pass over a loader begins
    ["D", loader, age]                      a batch is drawn from the loader's newest pass (age 0), or one before it
    ["E", loader, age]                      that pass is asked for more, and has none
    ["F", module, modes, [operand, …]]      a forward; "f" without gradients
    ["L", name, [operand, …], {options}]    a loss of torch.nn.functional; "l" without gradients
    ["B", expression, before, retain]       a backward; `before`: the gradients were none, zero or kept then
    ["C", name, limit, norm_type]           the gradients are clipped
    ["Z", optimizer, set_to_none]           gradients are cleared; an optimizer of -1: by the module
    ["S", optimizer]                        a step; ["S", optimizer, [operation, …]] with the closure it calls
    ["H", scheduler]                        a scheduler's step
    ["?", beat, why]                        what cannot be told so that it could be executed

    `modes` is "t" or "e" where all layers are in that mode, else one of these letters for each of `modules()`.
    An operand is [kind, age, leaf, view]: the tensor `leaf` of a batch ("b") or an output ("f") made `age`
    before the newest, seen through a view [offset, shape, stride] or as another type, or whole (null).
    An expression is such an operand, or ["L", age], ["/", expression, number], ["*", …], ["+", [expression, …]],
    ["-", expression], ["mean", expression], ["sum", expression] or ["stack", [expression, …]].
    """

    id: int
    ops: list[Any]


@dataclass(frozen=True, kw_only=True)
class Program(Record):
    """The order of all scripts, as `Order` has it for patterns; `truncated` where that or a script is not whole.

    `numbers` are what the settings of optimizers changed to, in the order of the "R" operations: [number, times].
    """

    items: list[Any]
    numbers: list[list[float]]
    truncated: bool
