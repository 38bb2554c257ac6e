"""What went through the model and its loss: modes, losses, targets, samples, weights, and random numbers."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.records.base import Record


@dataclass(frozen=True, kw_only=True)
class ForwardUse(Record):
    """Forwards of one root module that were alike: same loader, mode and gradient setting, and how many.

    `loader` is the number of the loader that drew the batch (-1: none); `mode` is "t" (training), "e"
    (evaluation), "m" (its layers differ) or "f" (frozen: the module is in training mode, those of its layers
    that depend on the mode are not); `layers` names those layers; `grad`: a graph was built;
    `trained` counts the forwards whose gradients a step used.
    """

    module: int
    loader: int
    grad: bool
    mode: str
    layers: list[str]
    calls: int
    trained: int
    line: int
    at_step: int


@dataclass(frozen=True, kw_only=True)
class Losses(Record):
    """The losses that were backpropagated: the first and last exactly, between them thinned to pairs."""

    count: int
    first: list[float]
    last: list[float]
    thinned: list[list[float]]
    non_finite_at: int
    non_finite_line: int
    non_finite_value: float | None
    line: int


@dataclass(frozen=True, kw_only=True)
class LossCall(Record):
    """A loss function as the student's code called it at one line, and what went into it.

    `probabilities` counts the sampled calls (`sampled`) whose input rows were a softmax's output, `squashed` those
    whose input lay between 0 and 1 throughout, as a sigmoid's does, and `unnormalised` those of nll_loss whose
    rows were no log-probabilities: their logsumexp was as far from 0 as `logsumexp` says.
    """

    name: str
    line: int
    reduction: str
    calls: int
    sampled: int
    probabilities: int
    input_shape: list[int]
    target_shape: list[int]
    row_sum: float | None
    unnormalised: int = 0
    squashed: int = 0
    logsumexp: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Targets(Record):
    """How the targets of a loss at one line relate to the labels of the batches that the model was fed.

    `labels` and `targets` count the different ones among `samples`; `agreement` is the share of samples whose
    target is the commonest for their label (-1 where labels are measured numbers); `permuted` counts calls
    whose targets were the batch's labels in another order, `counting` those where they count the rows.
    """

    name: str
    line: int
    calls: int
    samples: int
    labels: int
    targets: int
    agreement: float
    permuted: int
    counting: int


@dataclass(frozen=True, kw_only=True)
class Widened(Record):
    """A difference written by hand whose shape broadcasting made larger than that of the predictions."""

    line: int
    operand: list[int]
    result: list[int]


@dataclass(frozen=True, kw_only=True)
class Squashed(Record):
    """A loss that went backward and takes raw scores, and got what a softmax or a sigmoid (`by`) had made of them."""

    line: int
    by: str


@dataclass(frozen=True, kw_only=True)
class Reach(Record):
    """Which trainable parameters of the given module no backward reached, and still have their first values.

    `without` are their places among `parameters()`, `names` their names, `trainable` how many there are in all.
    """

    module: int
    trainable: int
    without: list[int]
    names: list[str]


@dataclass(frozen=True, kw_only=True)
class Rng(Record):
    """The student's code moved a global random generator: `what` is manual_seed or set_rng_state."""

    what: str
    value: int
    at_step: int
    line: int


@dataclass(frozen=True, kw_only=True)
class Feed(Record):
    """Steps whose input no loader had just drawn, by fingerprints of the first input of each.

    `distinct` fingerprints in `steps` steps; `period`: they repeat in this many steps (0: they do not);
    `rows` is the batch size, `fresh` the number of steps that a loader did feed.
    """

    steps: int
    distinct: int
    period: int
    rows: int
    fresh: int
    line: int


@dataclass(frozen=True, kw_only=True)
class Origin(Record):
    """Where the rows of a training batch came from, found by content among the known sources.

    `rows` maps a source's name (or "unknown") to a count; where the rows are `scale * raw + shift`,
    `residual` is the largest relative deviation from that.
    """

    at_step: int
    line: int
    rows: dict[str, int]
    scale: float
    shift: float
    residual: float


@dataclass(frozen=True, kw_only=True)
class Sync(Record):
    """`.item()` calls of the student's code: how many, and in how many of the steps."""

    calls: int
    steps: int
    line: int


@dataclass(frozen=True, kw_only=True)
class Hash(Record):
    """sha256 over the graded module's parameters after `step` steps (0: before the first)."""

    step: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Presented(Record):
    """The graded module of a script's own architecture, called once more when the run was over, in evaluation mode.

    Its input has `rows` rows of `shape` and the type `dtype`: `scale * raw + shift` of raw rows.  `body` is the Body
    of what it does then, -1 for layers of torch.nn alone; `untold` says why that cannot be told.  `reason` says why it
    could not be called, "" where it was.
    """

    module: int
    rows: int
    shape: list[int]
    dtype: str
    scale: float
    shift: float
    body: int
    untold: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Graded(Record):
    """The graded module: its state's names, shapes and dtypes, or why none could be chosen.

    `form` says how its outputs relate to the bare map's: logits, log_softmax, softmax, or "" (neither).
    """

    module: int
    names: list[str]
    shapes: list[list[int]]
    dtypes: list[str]
    scale: float
    shift: float
    residual: float
    form: str
    reason: str
