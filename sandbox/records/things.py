"""What took part: parameters, modules, optimizers, loaders, schedulers and scalers, and how they were used."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.records.base import Record


@dataclass(frozen=True, kw_only=True)
class Param(Record):
    """A tensor that gradients go to; `id` names it in all other records.

    `owned`: an `nn.Parameter`, or held by a module or an optimizer; else some other leaf of a graph.
    """

    id: int
    owned: bool
    shape: list[int]
    dtype: str


@dataclass(frozen=True, kw_only=True)
class Module(Record):
    """A root module (one the student's code calls) that has parameters, in `parameters()` order."""

    id: int
    cls: str
    params: list[int]
    given: bool


@dataclass(frozen=True, kw_only=True)
class Optimizer(Record):
    """An optimizer at its construction (`given`: the exercise made it).  `at_step` counts steps before it."""

    id: int
    cls: str
    hyper: dict[str, float]
    params: list[int]
    given: bool
    line: int
    at_step: int


@dataclass(frozen=True, kw_only=True)
class OptimizerUse(Record):
    """How an optimizer was used: its number of steps and whether it kept state (momentum, moments).

    `params` are those it held at its last step, where groups were added after it had been made.
    """

    id: int
    steps: int
    stateful: bool
    params: list[int] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Loader(Record):
    """A DataLoader that was iterated.  `size` and `batch_size` are -1 where it has none."""

    id: int
    sampler: str
    batch_size: int
    drop_last: bool
    size: int
    workers: int
    given: bool
    line: int


@dataclass(frozen=True, kw_only=True)
class Pass(Record):
    """One iterator over a DataLoader.

    `order` is a digest of the indices drawn, `head` the first of them, `ascending` whether they only
    ever grow, `first` the first batch's fingerprint; `polled` counts how often it was asked for more
    after its end; `trained` counts batches of it whose gradients a step used; `generator` is the digest of
    the sampler generator's state at its start.  `loss` sums the values that went backward, each times its
    batch's rows, `loss_rows` those rows, and `loss_means` the values alone.
    """

    id: int
    loader: int
    line: int
    at_step: int
    batches: int
    rows: int
    trained: int
    finished: bool
    polled: int
    order: str
    first: str
    head: list[int]
    ascending: bool
    generator: str
    loss: float = 0.0
    loss_rows: int = 0
    loss_means: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Schedule(Record):
    """A learning-rate scheduler and how it was stepped.

    `gaps` is run-length coded: [optimizer steps since the call before, number of calls];
    `first_at` the optimizer steps before the first call; `horizon` its stated length in calls (-1: none).
    """

    id: int
    cls: str
    given: bool
    line: int
    calls: int
    first_at: int
    gaps: list[list[int]]
    horizon: int


@dataclass(frozen=True, kw_only=True)
class Rates(Record):
    """The learning rate of every step of an optimizer's first group, run-length coded: [rate, steps]."""

    optimizer: int
    runs: list[list[float]]
    truncated: bool


@dataclass(frozen=True, kw_only=True)
class Scaler(Record):
    """A gradient scaler and how it was used.

    `scaled` counts calls of scale(), `unscaled` of unscale_(), `steps` of step(), `skipped` those in which the
    optimizer did not step (a gradient was not finite), `updates` of update(); `bypassed` counts optimizer steps
    outside the scaler after a scaled loss had gone backward.  `first` and `last` are the scale's values.
    """

    id: int
    given: bool
    enabled: bool
    scaled: int
    unscaled: int
    steps: int
    skipped: int
    updates: int
    bypassed: int
    first: float
    last: float
    line: int


@dataclass(frozen=True, kw_only=True)
class StateLoad(Record):
    """A call of `load_state_dict` on a root module.

    `shared` counts the tensors handed in that are the module's own parameters, or lie in the same memory;
    `changed`: the call changed the values of its parameters; `sha256` is over them afterwards.
    """

    module: int
    line: int
    at_step: int
    shared: int
    changed: bool
    sha256: str = ""
