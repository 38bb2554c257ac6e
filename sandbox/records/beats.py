"""The order of the beats, and the ledger of gradients in its windows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.records.base import Record


@dataclass(frozen=True, kw_only=True)
class Pattern(Record):
    """One order of beats between two steps, e.g. "DZFLBS", with the student's line for each beat.

    D batch drawn, Z zero_grad, F forward, f forward without gradient, L loss, l loss without gradient,
    B backward, A autograd.grad of parameters, a of anything else (inputs, tensors of torch.func),
    C clip, S step; H scheduler step; U unscale_, K a step that the scaler skipped, T the scaler's update.
    """

    id: int
    beats: str
    lines: list[int]


@dataclass(frozen=True, kw_only=True)
class Order(Record):
    """The order of all patterns: `[pattern, times]` or `[[…items], times]`, nested."""

    items: list[Any]
    truncated: bool


@dataclass(frozen=True, kw_only=True)
class Layout(Record):
    """Opens a ledger window: the sampled coordinates, `[parameter, [flat indices]]`, in vector order."""

    window: int
    step: int
    coordinates: list[Any]


@dataclass(frozen=True, kw_only=True)
class Row(Record):
    """One beat inside a ledger window.

    beat    of          value        extra       vectors
    D       pass        -            -           -
    Z       optimizer   -            -           -             (-1: a module's zero_grad)
    F       module      -            -           text: fingerprint of the input; params: values;
                                                 flags: t or e, then h (float16) or b (bfloat16) under autocast
    L       -           loss         -           -             text: function, flags: m mean, s sum; rows: of its input
    B, A    -           loss         -           before, after: gradients; params: values before;
                                                 rows: steps taken by hooks inside it
    C       -           norm         max_norm    before, after: gradients; text: function; flags: b in a backward
    X       scaler      loss         scale       -             (a loss was scaled)
    U       scaler      scale        -           before, after: gradients
    s       optimizer   norm         its divisor before: gradients; params: values    (a step begins; the
                                                 norm of all gradients, where a limit for it is asked)
    S       optimizer   -            -           after: gradients; params: values     (a step ended)
    V       -           -            -           params: values                       (the window ended)
    """

    window: int
    beat: str
    step: int
    line: int
    of: int = -1
    rows: int = -1
    flags: str = ""
    text: str = ""
    value: float | None = None
    extra: float | None = None
    before: str | None = None
    after: str | None = None
    params: str | None = None
    rates: list[float] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Live(Record):
    """How long graphs lived in a window: at `step`, `alive` of those differentiated so far were alive together.

    `attached` counts them to the end of the window.
    """

    step: int
    line: int
    attached: int
    alive: int
