"""What a ledger consists of: backwards, touches of the gradients, steps, and what each step used."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sandbox.trace import Row

Vector = NDArray[np.float64]
Mix = dict[int, float]

CARRIED = -1  # in a mix: what was there when the window opened
BY_HAND = -1  # as an optimizer's number: values moved without any optimizer's step


@dataclass
class Back:
    """One backward (or autograd.grad), the forward and loss before it, and how many steps used it."""

    number: int
    row: Row
    batch: str  # fingerprint of the last forward's input, "" where none was seen
    rows: int
    loss: float | None
    mean: bool  # `loss` is an average over the batch
    forward: bool = False  # a forward came since the backward before it
    module: int = -1  # number of the module that went forward
    function: str = ""  # name of the loss function
    parts: int = 1  # batches whose losses were added up into it
    uses: int = 0
    passed: int = -1  # number of the pass over a loader that drew the last batch before it
    again: bool = False  # no forward and no loss came since the backward before it
    gain: Vector | None = field(default=None, compare=False, repr=False)  # what it added, or returned


@dataclass
class Touch:
    """A clip or an unscaling (by its row) between the last backward and a step.

    `mixes` is what was in each parameter's gradient before it, `before` and `after` the lengths of its
    gradient at the sampled coordinates.
    """

    row: Row
    mixes: dict[int, Mix]
    before: dict[int, float]
    after: dict[int, float]


@dataclass
class Step:
    """One step and what it used.  `optimizer` is its number, or BY_HAND.

    zero      its parameters had no gradient at all
    had       a backward since its last step had given them one
    fresh     backwards used here for the first time, with their `weights`
    again     how many backwards it used that an earlier step had used already
    known     the mix could be followed for all of its parameters
    clean     the first backward since the last step began from no gradient (or there was none)
    same      no backward since its last step, and the same gradient as then
    late      its batch went forward before it and backward after it
    stale     it used nothing of the backwards since its optimizer's last step, but others before them
    early     a batch had been drawn (where loaders draw them), and there had been no backward at all
    closure   its backwards ran inside it
    finite    all that it read was finite (nan equals nothing, so nothing can be followed)
    rate      of an update by hand: the values moved by -rate times the gradient
    touches   clips and unscalings between the last backward and it
    mixes     what it used, of each of its parameters that could be followed; `lengths` as in Touch
    """

    optimizer: int
    row: Row
    rates: list[float]
    zero: bool = False
    had: bool = False
    fresh: list[Back] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    again: int = 0
    known: bool = True
    clean: bool = True
    same: bool = False
    late: bool = False
    stale: bool = False
    early: bool = False
    closure: bool = False
    finite: bool = True
    rate: float | None = None
    touches: list[Touch] = field(default_factory=list)
    mixes: dict[int, Mix] = field(default_factory=dict)
    lengths: dict[int, float] = field(default_factory=dict)


@dataclass
class Ledger:
    """All windows: backwards, steps, and the parameters that received a gradient or moved."""

    backs: list[Back] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    fed: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    draws: bool = False  # whether loaders drew batches
