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
    ["M", loader, source, size, shuffled, drop_last, generator]    a loader is made, over another's data (["d", it]),
                                            operands (["t", …]) or a data set (["x", name, transforms]) of the
                                            exercise, or a part (["u", source, part]) of one
    ["P", module, tree]                     a module of the file's: {c: class, s: settings, k: children, p: parameters}
    ["V", module, body]                     from now on its forward does what that body says
    ["Q", function, arguments, modes, gradients]    a function that the exercise hands in is called; it gives a batch
    ["N", seed, count]                      torch's global generator is seeded, and gives so many 32-bit numbers
    ["F", module, modes, [operand, …]]      a forward; "f" without gradients
    ["L", name, [operand, …], {options}]    a loss of torch.nn.functional; "l" without gradients
    ["B", expression, before, retain]       a backward; `before`: the gradients were none, zero or kept then
    ["A", expression, [operand, …]]         autograd.grad of parameters, "a" of anything else; gives values
    ["C", name, limit, norm_type]           the gradients are clipped
    ["Z", optimizer, set_to_none]           gradients are cleared; an optimizer of -1: by the module
    ["O", class, groups]                    an optimizer is made; without a class it is of the file's own kind
    ["R", optimizer, [[group, setting], …]] settings take the next of the program's numbers
    ["S", optimizer, closure, scaler]       a step, with the operations of the closure it calls, by a scaler
    ["H", scheduler]                        a scheduler's step
    ["G", scaler, enabled, settings]        a gradient scaler is made
    ["X", scaler, expression]               it scales a loss, and what it gives counts as one
    ["U", scaler, optimizer]                it unscales; "K": its step was skipped
    ["T", scaler]                           it updates its scale
    ["=", function, arguments, named, n]    a function of torch, which gives n values; "~" without gradients
    ["Y", [operand, …]]                     the state that is handed back in place of the given module's
    ["?", beat, why, quiet]                 what cannot be told so that it could be executed; `quiet`: nor need it be

    An optimizer of the exercise is told by its number, one of the file's by its age: -2 is the newest, -3 the one
    before it.
    F, L, = (and the small letters) end with the type that autocast makes of matrix products, where it is on.
    `modes` is "t" or "e" where all layers are in that mode, else one of these letters for each of `modules()`; in
    capitals where none of its parameters requires a gradient.
    An operand is [kind, first, place, view]: of a batch (b), an output (f) or a loss (l) made `first` before the
    newest the tensor `place`; parameter (p) or gradient (g) number `first`; a buffer (u); a tensor of a loader's data
    (d), or of the exercise's raw data (s); a value of this or the last stretch (v), or of a stretch by its number (w).
    `view` is [offset, shape, stride], or [type, shape], or null.
    An expression is an operand, or ["L", age], ["/", expression, number], ["*", …], ["+", [expression, …]],
    ["-", expression], ["mean", expression], ["sum", expression] or ["stack", [expression, …]].
    """

    id: int
    ops: list[Any]


@dataclass(frozen=True, kw_only=True)
class Program(Record):
    """The order of all scripts, as `Order` has it for patterns; `truncated` where that or a script is not whole.

    `numbers` are what the settings of optimizers changed to, in the order of the "R" operations: [number, times].
    `constants` are the numbers for which {"#": 0} stands among the arguments of functions, likewise.
    """

    items: list[Any]
    numbers: list[list[float]]
    constants: list[list[float]]
    truncated: bool


@dataclass(frozen=True, kw_only=True)
class Indices(Record):
    """Whole numbers for which {"n": count} stands among the arguments of functions: 32 bits each, in base64."""

    data: str


@dataclass(frozen=True, kw_only=True)
class Initial(Record):
    """A parameter of the file's own as it was when it was first seen: its bytes, in base64.

    `aside`: they are handed over with the weights, behind those, in the order of these records.
    """

    id: int
    shape: list[int]
    dtype: str
    grad: bool
    data: str
    aside: bool = False


@dataclass(frozen=True, kw_only=True)
class Body(Record):
    """What a forward of a module of the file's own class does: its operations, and what it gives.

    ["=", function, arguments, named, n]    a function of torch, which gives n values; "~" without gradients
    ["m", path, [input, …], n]              a layer of torch.nn is called; "e" without gradients

    Tensors are ["i", place] of the inputs, ["v", place] of the values, ["p", number] and ["u", place] of parameters
    and buffers; `result` is one of these, or a list.  Bodies from 1000 on are those of functions in transforms.
    """

    id: int
    ops: list[Any]
    result: Any
