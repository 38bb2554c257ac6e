"""The records a trace is made of: what each kind says, field by field.

Names, types and meaning of these fields are the trace's format; a change of any of them is a new
`sandbox.trace.VERSION`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class Record:
    """Base of all records; `kind` is the class's name in the file."""

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.kind = cls.__name__
        KINDS[cls.kind] = cls


KINDS: dict[str, type[Record]] = {}


@dataclass(frozen=True, kw_only=True)
class Header(Record):
    """First record.  `threads` is torch's intra-op thread count."""

    version: int
    torch: str
    threads: int
    entry: str


@dataclass(frozen=True, kw_only=True)
class Started(Record):
    """All of ours is in place, and the student's code begins.  Without it the failure was ours."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Over(Record):
    """The student's code has ended; what follows is ours again.  Without an `End` after it the failure was ours."""

    seconds: float


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
class Live(Record):
    """How long graphs lived in a window: at `step`, the latest `alive` of `attached` were all still alive."""

    step: int
    line: int
    attached: int
    alive: int


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


@dataclass(frozen=True, kw_only=True)
class Returned(Record):
    """What the student's function returned: its type's name, its length, its numbers (at most 4,096)."""

    type: str
    length: int
    numbers: list[float]


@dataclass(frozen=True, kw_only=True)
class Function(Record):
    """A function or class that the exercise asks for, as the student's file defines it."""

    name: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Answer(Record):
    """One call of a student's function, or something the exercise's drive looked at.

    `function` was called for the exercise's `case`; `value` is what it gave, as `sandbox.answers.plain`
    writes it; `mutated` names arguments whose contents it changed; `notes` are recorded whole numbers, such as
    the indices that were drawn.
    """

    function: str
    case: str
    value: Any
    mutated: list[str]
    notes: dict[str, list[int]]


@dataclass(frozen=True, kw_only=True)
class Observed(Record):
    """What the exercise's model.observe measured at the end of a pass over a held-out loader.

    `sha256` is over the graded module's parameters then; `values` are its numbers by name.
    """

    loader: int
    at_step: int
    values: dict[str, float]
    sha256: str


@dataclass(frozen=True, kw_only=True)
class StateLoad(Record):
    """A call of `load_state_dict` on a root module.

    `shared` counts the tensors handed in that are the module's own parameters, or lie in the same memory;
    `changed`: the call changed the values of its parameters.
    """

    module: int
    line: int
    at_step: int
    shared: int
    changed: bool


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
class Stop(Record):
    """The run was ended by the student's code: an exception, a bad signature, an early exit.

    `slug` is the finding it will be; `frames` are the student's own lines, outermost first.
    """

    slug: str
    type: str
    message: str
    frames: list[int]


@dataclass(frozen=True, kw_only=True)
class Progress(Record):
    """How far the run had come, written now and then so that a killed run leaves something."""

    steps: int
    counts: dict[str, int]
    line: int


@dataclass(frozen=True, kw_only=True)
class Failure(Record):
    """A spy of ours failed; `text` is its traceback."""

    text: str


@dataclass(frozen=True, kw_only=True)
class End(Record):
    """Last record of a run that was not killed.  `finished` is false when the deadline's alarm wrote it.

    `counts` counts every beat; `trained_rows` the batch rows behind the backwards, each drawn batch once;
    `moved` whether the graded parameters' values ever changed; `failures` how often a spy itself failed.
    """

    finished: bool
    steps: int
    counts: dict[str, int]
    trained_rows: int
    moved: bool
    seconds: float
    dropped: int
    failures: int
