"""The oracle: runs original and mutant on the same challenge, unspied, and says whether the mutant is bad.

Bad is a mutant whose run differs from the original's by more than rounding, in

    how it ended      it crashes or does not end where the original does
    parameters        after every step that changed them (at every training forward where no optimizer steps),
                      how many such steps there were, and at the end; a step that moves nothing is no step
    modes             training flags at the calls of a model with layers that depend on them
    returned          what the function gave back, where the exercise says what it must be
    graphs            alive together, or built by evaluation, where the rubric asks for that habit
    validations       fewer forwards on held-out data than epochs, where the exercise asks for one after each
    resumed           the parameters at the end of a run that was cut and run again, where the rubric asks for that

unless the difference vanishes once everything that the exercise leaves free is taken out of both runs, or (where the
optimizer is free) the mutant does exactly what another right file of the exercise does.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import select
import signal
import tempfile
import time
import types
import warnings
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import numpy as np
import torch

from sandbox import vision
from tests.mutation import cuts, watch
from tests.mutation.challenge import Challenge, challenge

RELATIVE, ABSOLUTE = 1e-5, 2e-6
"""What counts as rounding."""
RETURNED = 1e-4  # relative, of numbers a function returns
SLOWER = 12.0  # times as long as the original, and at least
LEAST_SECONDS = 4.0
MEMORY = 6 << 30
LEAK = 7  # graphs alive together that the original does not have
KEPT = 0.9
"""Share of the original's steps that must have moved something, where 16 bits may round but lose no step."""

FREEDOMS: dict[str, Callable[[], AbstractContextManager[None]] | None] = {
    "clipping": watch.without_clipping,  # dropped, moved or added: the same once no clip changes a gradient
    "drop_last": watch.without_short_batches,  # the same once no run sees a short last batch
    "precision": watch.without_autocast,  # the same once nothing runs in 16 bits
    "schedule": watch.without_schedule,  # the same once every step has one rate; see `keeps_a_schedule`
    "prefetch": watch.with_a_spare_batch,  # the same once a batch that was drawn in vain is drawn again
    # A penalty on the weights is a part of the update rule, as weight decay is.  And a mutant of one rule may be
    # another right one: it is compared with all right files of the exercise.
    "optimizer": watch.without_penalties,
    # What is left on has to be right, so a scaler's mutants are compared as they are.
    "scaler": None,
    "best-weights": None,
    # No operator reaches these: a mutant has its original's batch size, layers and data.
    "batch_size": None,
    "normalisation": None,
    "module": None,
    "data-loading": None,
    # Gradients that are gathered differently are free only when they are averaged, which moves the same distance
    # in fewer steps; no operator turns one such loop into another.
    "accumulation": None,
    "evaluation": None,  # it touches no parameter, so nothing of it is compared anyway
}
"""Freedom → what takes it out of a run."""

MOVED = "parameters differ"
RISE, HEIGHT, LOW, NOTHING = 0.02, 0.1, 0.25, 1e-6
"""Relative to the highest rate: what is a rise after a fall, how far the height may be off, and the end; nothing."""
IDLE = 0.2
"""Share of the steps that may be taken at a rate of nothing, beyond the original's."""

RETURNS_STATED = {"train-and-validate", "early-stopping"}
"""Exercises whose text says what number must come back, whatever a right loop looks like."""


@dataclass
class Run:
    """What one run did.  `ended` is "", "crashed: …" or "timed out"."""

    ended: str = ""
    steps: list[np.ndarray] = field(default_factory=list)
    visits: list[np.ndarray] = field(default_factory=list)
    final: np.ndarray = field(default_factory=lambda: np.zeros(0))
    modes: list[str] = field(default_factory=list)
    half: int = 0  # training forwards under autocast
    rates: list[float] = field(default_factory=list)
    buffers: np.ndarray = field(default_factory=lambda: np.zeros(0))
    graphs_in_evaluation: int = 0
    most_alive: int = 0
    looks: int | None = None  # forwards on held-out data, where they are asked for
    returned: Any = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Judgement:
    """Whether a mutant is bad, and what differs."""

    bad: bool
    reason: str


class Oracle:
    """Judges mutants of an exercise's files; the originals' runs are kept.

    `others` are sources of all its right files: the solution and the variants.
    """

    def __init__(self, slug: str, others: Iterable[str] = ()) -> None:
        self.challenge = challenge(slug)
        self.others = list(others)
        self._last: Run | None = None  # the plain run of the mutant that is being judged
        self._originals: dict[tuple[str, str, bool], Run] = {}
        self._survivors: set[str] = set()  # originals that end alike wherever they are cut
        torch.set_num_threads(1)
        warm()
        if "torchvision" in self.challenge.exercise.preload:
            vision.prepare()
            __import__("torchvision")
        _ = self.challenge.model  # what it imports need not be imported in every child

    def judge(self, original: str, mutant: str) -> Judgement:
        """Whether `mutant` (source) is a bad copy of `original` (source)."""
        more = [item.parameters for item in self.challenge.exercise.run]
        for parameters in ({}, *more):
            found = self._compare(original, mutant, parameters, plain=True)
            ended = self._last is not None and self._last.ended  # a crash is none of the freedoms
            free = found and not ended and self._freedoms(original + mutant)
            if free and not self._compare(original, mutant, parameters, plain=False):
                found = self._still_asked(original, parameters)
            found = found or self._unvalidated()
            if found and not (found.startswith(MOVED) and self._is_another(mutant, parameters)):
                return Judgement(True, found)
        found = self._cut(original, mutant) if cuts.wanted(self.challenge.exercise) else ""
        return Judgement(bool(found), found)

    def _cut(self, original: str, mutant: str) -> str:
        """How a mutant ends elsewhere than the original once it is cut and run again; "" where it does not."""
        right = self.original(original)
        if original not in self._survivors:
            if found := self._resumed(original, right):
                raise RuntimeError(f"the original, {found}")
            self._survivors.add(original)
        return self._resumed(mutant, right)

    def _resumed(self, source: str, right: Run) -> str:
        """What is wrong with a source's runs that go on after a cut, against a run that went through."""
        epochs = int(self.challenge.parameters["epochs"])
        limit = max(LEAST_SECONDS, SLOWER * right.seconds)
        later = replace(
            self.challenge, seeds={**self.challenge.seeds, "init": self.challenge.seeds["init"] + 1}
        )
        for cut in cuts.cuts(epochs, (len(right.steps) - 1) // epochs):
            with tempfile.TemporaryDirectory(prefix="mutation-", ignore_cleanup_errors=True) as folder:
                _in_child(partial(run, self.challenge, source, {}, [cut.inside]), limit, folder)
                resumed = _in_child(partial(run, later, source, {}, []), limit, folder)
            if resumed.ended or not close(right.final, resumed.final):
                return f"cut {cut.name} and run again: {resumed.ended or f'{MOVED} at the end'}"
        return ""

    def _unvalidated(self) -> str:
        """What is missing of the validations that an exercise asks for."""
        looks, epochs = self._last and self._last.looks, self.challenge.parameters.get("epochs", 0)
        return (
            f"{looks} forwards on held-out data in {epochs} epochs"
            if looks is not None and looks < epochs
            else ""
        )

    def _still_asked(self, original: str, parameters: dict[str, Any]) -> str:
        """What is wrong within a freedom: any schedule may be had, but one must, and 16 bits may not overflow."""
        run, right = self._last, self.original(original, parameters)
        free = self.challenge.exercise.freedoms
        if run is None:
            return ""
        if "schedule" in free and not keeps_a_schedule(right.rates, run.rates):
            return "its rates are no schedule"
        if "precision" in free and not np.isfinite(run.final).all() and np.isfinite(right.final).all():
            return f"{MOVED}: they are not finite"
        if "precision" in free and len(run.steps) < KEPT * len(right.steps):
            return f"{MOVED}: moved by {len(run.steps) - 1} steps, not {len(right.steps) - 1}"
        if "autocast" in self.challenge.parameters and 2 * run.half < right.half:
            return f"{run.half} forwards in 16 bits, not {right.half}"
        return ""

    def _is_another(self, mutant: str, parameters: dict[str, Any]) -> bool:
        """Whether the mutant does what another right file of the exercise does, where update rules are free."""
        run = self._last
        if run is None or run.ended or "optimizer" not in self.challenge.exercise.freedoms:
            return False
        return any(not self._differs(self.original(source, parameters), run) for source in self.others)

    def original(self, source: str, parameters: dict[str, Any] | None = None, *, plain: bool = True) -> Run:
        """The run of an original, which must end by itself."""
        key = (source, repr(parameters or {}), plain)
        if key not in self._originals:
            self._originals[key] = self._run(source, parameters or {}, 120.0, plain)
        run = self._originals[key]
        if run.ended:
            raise RuntimeError(f"the original {run.ended}")
        return run

    def _compare(self, original: str, mutant: str, parameters: dict[str, Any], *, plain: bool) -> str:
        right = self.original(original, parameters, plain=plain)
        limit = max(LEAST_SECONDS, SLOWER * right.seconds)
        run = self._run(mutant, parameters, limit, plain)
        self._last = run if plain else self._last
        return self._differs(right, run)

    def _differs(self, right: Run, other: Run) -> str:
        exercise = self.challenge.exercise
        asked = {slug for item in exercise.requirement for slug in item.findings}
        return difference(right, other, asked, returns=exercise.judge or exercise.slug in RETURNS_STATED)

    def _freedoms(self, source: str) -> list[Callable[[], AbstractContextManager[None]]]:
        """What is to be taken out of the runs of these sources: none, if nothing in them could show it."""
        words = {
            "clipping": ("clip_grad",),
            "drop_last": ("loader",),
            "optimizer": ("mse_loss", "l1_loss"),
            "precision": ("autocast",),
            "schedule": ("lr",),
            "prefetch": ("get_batch",),
        }
        free = self.challenge.exercise.freedoms
        names = [name for name in free if any(word in source for word in words.get(name, ()))]
        return [maker for name in names if (maker := FREEDOMS.get(name)) is not None]

    def _run(self, source: str, parameters: dict[str, Any], limit: float, plain: bool) -> Run:
        makers = [] if plain else self._freedoms(source)
        return in_child(lambda: run(self.challenge, source, parameters, makers), limit)


def difference(right: Run, other: Run, asked: set[str], *, returns: bool) -> str:
    """The first thing in which another run differs from the right one, in words; "" when there is none."""
    if other.ended:
        return other.ended
    if moved := differing_parameters(right, other):
        return moved
    if right.modes != other.modes:
        return f"modes {other.modes[:6]} instead of {right.modes[:6]}"
    if "wrong-shape" in asked and tensors(other.returned) != tensors(right.returned):
        return "returns tensors"
    # Running statistics are no parameters: a forward more changes them, and what is then measured is true of them.
    if returns and close(right.buffers, other.buffers) and not same_returned(right.returned, other.returned):
        return "returns other numbers"
    if "graph-leak" in asked and other.most_alive >= max(LEAK, 2 * right.most_alive + 1):
        return f"{other.most_alive} graphs alive together instead of {right.most_alive}"
    if "eval-builds-graph" in asked and other.graphs_in_evaluation > 0 == right.graphs_in_evaluation:
        return f"{other.graphs_in_evaluation} evaluations build a graph"
    return ""


def differing_parameters(right: Run, other: Run) -> str:
    """How the parameters went another way; "" when they did not.

    Where a training forward follows every step, states that no forward ever saw do not count: moving weights
    back before the step or after it comes to the same.
    """
    steps = _differing("steps", right.steps, other.steps)
    if (len(right.steps) < 2 or steps) and len(right.visits) >= len(right.steps):
        steps = _differing("forwards", right.visits, other.visits) and (steps or MOVED)
    if steps or close(right.final, other.final):
        return steps
    return f"{MOVED} at the end"


def _differing(name: str, one: list[np.ndarray], two: list[np.ndarray]) -> str:
    for number, (before, after) in enumerate(zip(one, two, strict=False)):
        if not close(before, after):
            return f"{MOVED} after {number} {name}"
    return "" if len(one) == len(two) else f"{MOVED}: moved by {len(two) - 1} {name}, not {len(one) - 1}"


def close(one: np.ndarray, two: np.ndarray) -> bool:
    """Equal up to rounding; nan equals nan."""
    return one.shape == two.shape and bool(
        np.allclose(one, two, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    )


@dataclass(frozen=True)
class FromTensor:
    """The numbers of a tensor that a function returned."""

    values: Any


def keeps_a_schedule(right: list[float], rates: list[float]) -> bool:
    """Whether rates begin as a right schedule's, reach its height, and end as low, having fallen only once.

    Nor may much of the run be spent at a rate of nothing.
    """
    if not rates or not right:
        return not right
    span = max(right)
    alike = abs(max(rates) / span - 1) <= HEIGHT and rates[-1] <= right[-1] + LOW * span
    idle = [float(np.mean(np.array(item) <= NOTHING * span)) for item in (right, rates)]
    begins = abs(rates[0] - right[0]) <= NOTHING * span
    falls_once = _rises_again(right) or not _rises_again(rates)
    return alike and begins and min(rates) >= 0 and idle[1] <= idle[0] + IDLE and falls_once


def _rises_again(rates: list[float]) -> bool:
    """Whether rates go up after they have come down."""
    peak = low = -np.inf
    for rate in rates:
        peak, low = (rate, rate) if rate > peak else (peak, min(low, rate))
        if peak - low > RISE * max(rates) and rate > low + RISE * max(rates):
            return True
    return False


def tensors(value: Any) -> bool:
    """Whether a returned value holds tensors."""
    if isinstance(value, dict):
        return any(map(tensors, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(tensors, value))
    return isinstance(value, FromTensor)


def same_returned(one: Any, two: Any) -> bool:
    """Whether two returned values hold the same numbers in the same places."""
    one, two = (item.values if isinstance(item, FromTensor) else item for item in (one, two))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same_returned(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(two, (list, tuple)):
        return len(one) == len(two) and all(map(same_returned, one, two))
    if isinstance(one, float) and isinstance(two, float):
        return bool(np.isclose(one, two, rtol=RETURNED, atol=1e-6, equal_nan=True))
    return bool(one == two)


# ── running ──────────────────────────────────────────────────────────────────────────────────────


@cache
def warm() -> None:
    """Import, once and before any fork, what torch imports at its first optimizer, step and loader."""
    layer = torch.nn.Linear(1, 1)
    points = torch.utils.data.TensorDataset(torch.zeros(2, 1))
    loader = torch.utils.data.DataLoader(points, batch_size=1, shuffle=True)
    for make in (torch.optim.SGD, torch.optim.AdamW):
        optimizer = make(layer.parameters(), lr=0.1)
        for (batch,) in loader:
            loss: Any = torch.nn.functional.mse_loss(layer(batch), batch)
            loss.backward()
            optimizer.step()


class Caller:
    """What an exercise's model.drive gets: it calls the file's functions and keeps what they gave."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self.given: list[Any] = []

    def get(self, name: str) -> Any:
        """What the file defines under a name."""
        return self._namespace[name]

    def require(self, names: list[str]) -> None:
        """Raise KeyError where one is missing."""
        for name in names:
            self._namespace[name]

    def call(self, name: str, *arguments: Any, **_: Any) -> Any:
        """Call a function and keep what it gave."""
        value = self._namespace[name](*arguments)
        self.given.append(plain_values(value))
        return value

    def record(self, name: str, value: Any, **_: Any) -> None:
        """What an exercise's own pieces saw is evidence for its judge, not a result; it is not compared."""


def run(
    given: Challenge,
    source: str,
    parameters: dict[str, Any],
    makers: list[Callable[[], AbstractContextManager[None]]],
) -> Run:
    """Run a source once in this process, watched."""
    exercise = given.exercise
    script = exercise.entry == "script"
    module = types.ModuleType("__main__" if script else "loop")
    with contextlib.ExitStack() as stack:
        alignment = stack.enter_context(watch.aligned(given.seeds["dropout"] >> 32))
        for maker in makers:
            stack.enter_context(maker())
        arguments = given.make(parameters)
        model = arguments.get("model")
        graded = model if isinstance(model, torch.nn.Module) else None
        seen = stack.enter_context(watch.watching(graded, exercise.shapes, given.seeds["dropout"] >> 32))
        alignment.state = seen.now
        if "validated" in given.parameters:
            seen.held_out = set(watch.row_sums(arguments["val_loader"].dataset.tensors[0]))
        if "get_batch" in arguments:
            arguments["get_batch"] = seen.sparing(arguments["get_batch"])
        torch.manual_seed(given.seeds["dropout"])
        caller = Caller(module.__dict__)
        drive = getattr(given.model, "drive", None)
        started, ended = time.monotonic(), ""
        try:
            exec(compile(source, "loop.py", "exec", dont_inherit=True), module.__dict__)
            if cuts.wanted(exercise):
                caller.call(exercise.function or "", *cuts.stated(exercise, arguments))
            elif not script and drive is not None:
                drive(caller, arguments)
            elif not script:
                caller.call(exercise.function or "", *arguments.values())
        except BaseException as error:  # noqa: BLE001 - whatever a mutant raises is its result
            if not (isinstance(error, SystemExit) and error.code in (0, None)):
                ended = f"crashed: {type(error).__name__}: {str(error)[:100]}"
        steps, visits, final = seen.trails()
        return Run(
            ended,
            steps,
            visits,
            final,
            seen.modes,
            seen.half,
            seen.rates,
            seen.buffers(),
            seen.graphs_in_evaluation,
            seen.most_alive,
            seen.looks if seen.held_out else None,
            caller.given,
            time.monotonic() - started,
        )


def plain_values(value: Any) -> Any:
    """A returned value as plain numbers, lists and dicts; anything else as its type's name."""
    if isinstance(value, dict):
        return {str(key): plain_values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_values(item) for item in value]
    if isinstance(value, torch.Tensor):
        return FromTensor(plain_values(value.detach().tolist()))
    if isinstance(value, (bool, int, str, type(None))):
        return value
    return float(value) if isinstance(value, (float, np.floating)) else type(value).__name__


def in_child(work: Callable[[], Run], limit: float) -> Run:
    """Do the work in a forked child in a folder of its own, which is killed after `limit` seconds."""
    with tempfile.TemporaryDirectory(prefix="mutation-", ignore_cleanup_errors=True) as folder:
        return _in_child(work, limit, folder)


def _in_child(work: Callable[[], Run], limit: float, folder: str) -> Run:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        _be_the_child(work, writer, folder)
    os.close(writer)
    received, until = bytearray(), time.monotonic() + limit
    try:
        while True:
            left = until - time.monotonic()
            if left <= 0 or not select.select([reader], [], [], left)[0]:
                return Run("timed out", seconds=limit)
            piece = os.read(reader, 1 << 20)
            if not piece:
                break
            received += piece
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    result: Run = pickle.loads(received) if received else Run("crashed: the process died")
    return result


def _be_the_child(work: Callable[[], Run], writer: int, folder: str) -> None:
    """Never returns."""
    try:
        silence = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silence, descriptor)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        warnings.simplefilter("ignore")
        os.chdir(folder)
        with os.fdopen(writer, "wb") as out:
            pickle.dump(work(), out)
    finally:
        os._exit(0)
