"""Counterfactuals: the exercise's own wrong loops on a student's challenge, and which of them comes to the same.

Solution and bug files are trusted, and run here as the sandbox runs a student's file, each in a fork, unwatched but
for their steps.  Nothing of the student's is executed: what is compared is the record of the run.  Most runs end
after a step or two, at the first hash that differs.
"""

from __future__ import annotations

import contextlib
import functools
import tempfile
import time
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from grader.examiner.answers import Answer, read_answer
from grader.examiner.apart import Tell, apart
from grader.examiner.likeness import Trail, alike, distance, trail_of
from grader.exercise import Exercise
from grader.promise import Promise, promise_of
from sandbox import results, trace, wire
from sandbox.child import Child
from sandbox.zygote import warm_up


@dataclass(frozen=True)
class Bug:
    """A bug file that computes something determinate."""

    name: str
    source: bytes
    promise: Promise


@dataclass(frozen=True)
class Match:
    """A bug that comes to the student's numbers.

    `function` is the one whose values are equal, "" where it is the parameters.  `steps` were compared; `whole` says
    whether that was to the end.  `distance` is the largest relative difference (0.0: equal bit by bit).
    """

    bug: Bug
    function: str = ""
    distance: float = 0.0
    steps: int = 0
    whole: bool = True

    def as_json(self) -> dict[str, object]:
        """The examiner's answer."""
        return {
            "slug": self.bug.promise.slugs[0],
            "computes": self.bug.promise.computes,
            "function": self.function,
            "distance": self.distance,
            "steps": self.steps,
            "whole": self.whole,
        }


@dataclass(frozen=True)
class _Went:
    """How far a run of ours went beside the student's: the step after which it differed (None: it did not).

    `whole`: it came to its end; `failed`: an exception ended it.  `answers` are what its functions gave, and `steps`
    were compared.
    """

    steps: int
    differs: int | None
    whole: bool
    failed: bool
    answers: tuple[Answer, ...]

    def of(self, function: str) -> list[Answer]:
        """The answers of one function."""
        return [answer for answer in self.answers if answer.function == function]


def numeric_bugs(exercise: Exercise) -> list[Bug]:
    """The bug files of an exercise that are marked numeric, by name."""
    paths = sorted((exercise.reference / "bugs").glob("*.py"))
    bugs = [Bug(path.stem, source := path.read_bytes(), promise_of(source)) for path in paths]
    return [bug for bug in bugs if bug.promise.numeric]


def counterfactual(
    exercise: Exercise,
    files: Mapping[str, bytes],
    job: Mapping[str, Any],
    records: Sequence[trace.Record],
    *,
    seconds: float,
    found: Sequence[str] = (),
) -> list[Match]:
    """The bugs that come to what a run's `records` tell, within `seconds`; none where the solution comes to it, too.

    `files` are the training files and `job` is what the sandbox was given (entry, name, seeds, parameters, shapes).
    Bugs with a slug among `found` come first.  Several matches are a class: no number tells them apart.
    """
    until = time.monotonic() + seconds
    bugs = sorted(numeric_bugs(exercise), key=lambda bug: not set(bug.promise.slugs) & set(found))
    answers = [read_answer(record) for record in records if isinstance(record, trace.Answer)]
    by_weights = exercise.graded is not None and exercise.verify in (None, "replay")
    trail = trail_of(records) if by_weights else None
    if not bugs or (by_weights and trail is None):
        return []
    functions = [name for name in exercise.defines if name != exercise.function]
    if exercise.function and not by_weights:
        functions.append(exercise.function)  # last: it may call the others
    if exercise.graded is not None:
        _warm()
    with tempfile.TemporaryDirectory(prefix="counterfactual-") as name:
        made = _Made(Path(name), exercise, files, dict(job), trail, until)
        right = made.run((exercise.reference / "solution.py").read_bytes(), answers=bool(functions))
        if right.differs is not None:
            return _by_weights(made, bugs, max(right.differs, min(results.EARLY_HASHES, made.steps)))
        if not right.whole:
            return []
        wrong = [name for name in functions if not alike(_of(answers, name), right.of(name))]
        return _by_answers(made, bugs, wrong, answers, right) if wrong else []


@functools.cache
def _warm() -> None:
    """What the first step of an optimizer loads is loaded here, once, and not in every fork."""
    warm_up()


def _by_weights(made: _Made, bugs: Sequence[Bug], least: int) -> list[Match]:
    """The bugs that come to the student's parameters at the end; where there is none, those that go along longest.

    That has to be for so many steps at `least`.  A loop whose bug is known may still leave its loader in another state
    at the end of an epoch, and then meets other batches; and time may run out.
    """
    whole: list[Match] = []
    longest: list[Match] = []
    for bug in bugs:
        went = made.run(bug.source, answers=False)
        if went.failed:
            continue
        if went.whole and went.differs is None:
            whole.append(Match(bug, steps=went.steps))
        elif went.steps >= max(least, 1):
            longest.append(Match(bug, steps=went.steps, whole=False))
    most = max((match.steps for match in longest), default=0)
    return whole or [match for match in longest if match.steps == most]


def _by_answers(
    made: _Made, bugs: Sequence[Bug], wrong: Sequence[str], answers: Sequence[Answer], right: _Went
) -> list[Match]:
    """The bugs with the student's values for the first of the `wrong` functions that any bug explains."""
    ran = [(bug, made.run(bug.source, answers=True)) for bug in bugs]
    for name in wrong:
        theirs = _of(answers, name)
        matches = [
            Match(bug, name, distance(theirs, went.of(name)), went.steps)
            for bug, went in ran
            if went.differs is None
            and alike(theirs, went.of(name))
            and not alike(went.of(name), right.of(name))
        ]
        if matches:
            return matches
    return []


def _of(answers: Sequence[Answer], function: str) -> list[Answer]:
    return [answer for answer in answers if answer.function == function]


class _Made:
    """What all runs of one request share: the exercise's files in a folder, the student's trail, the time there is."""

    def __init__(
        self,
        folder: Path,
        exercise: Exercise,
        files: Mapping[str, bytes],
        job: dict[str, Any],
        trail: Trail | None,
        until: float,
    ) -> None:
        self.steps = trail.steps if trail else 0
        self._folder, self._job, self._trail, self._until = folder, job, trail, until
        self._runs = 0
        data = folder / "exercise" / "data"
        data.mkdir(parents=True)
        (folder / "exercise" / "model.py").write_bytes((exercise.folder / "model.py").read_bytes())
        for path, content in files.items():
            (data / path).parent.mkdir(parents=True, exist_ok=True)
            (data / path).write_bytes(content)

    def run(self, source: bytes, *, answers: bool) -> _Went:
        """Run one of our own loops in a folder of its own; without `answers` until its parameters are known."""
        self._runs += 1
        folder = self._folder / str(self._runs)
        folder.mkdir()
        (folder / "exercise").symlink_to(self._folder / "exercise")
        (folder / "loop.py").write_bytes(source)
        told, ended = apart(
            lambda tell: _Loop(self._job, folder, self._trail, tell, answers=answers).run(),
            folder,
            self._until,
        )
        failed = any("failed" in item for item in told) or not (ended or time.monotonic() > self._until)
        return _Went(
            steps=max((item["step"] for item in told if "step" in item), default=0),
            differs=next((item["differs"] for item in told if "differs" in item), None),
            whole=ended and not failed,
            failed=failed,
            answers=tuple(
                read_answer(trace.decode(item["answer"].encode())) for item in told if "answer" in item
            ),
        )


class _SeenError(BaseException):
    """All that matters of a run has been seen.  No Exception, so that no loop catches it."""


class _Loop(Child):
    """A loop of ours, run as the sandbox runs a student's, without spies, as long as it fits the student's trail."""

    def __init__(
        self, job: dict[str, Any], folder: Path, trail: Trail | None, tell: Tell, *, answers: bool
    ) -> None:
        super().__init__({**job, "filename": "loop.py", "spies": False, "traced": False}, folder, -1)
        self._trail, self._tell, self._answers = trail, tell, answers
        self._steps = self._stepping = 0
        self._left = bytearray()

    def _send(self, channel: bytes, data: bytes) -> None:
        if channel == wire.TRACE:
            self._left.extend(data)

    def run(self) -> None:
        """Run it, and tell how far it fits and what its functions gave."""
        arguments = self._prepare()
        model = self._given
        if self._trail is not None and results.digest(model) != self._trail.first:
            self._tell({"failed": "it begins elsewhere"})
            return
        with self._counted():
            stop = self._execute(arguments)
        self.writer.flush()
        for line in bytes(self._left).splitlines():
            if isinstance(trace.decode(line), trace.Answer):
                self._tell({"answer": line.decode()})
        if stop is not None and stop.type != _SeenError.__name__:
            self._tell({"failed": stop.message})

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Inside, the outermost steps of all optimizers are counted."""

        def begins(*_: object) -> None:
            self._stepping += 1

        def ends(*_: object) -> None:
            self._stepping -= 1
            if self._stepping <= 0:
                self._stepping = 0
                self._stepped()

        before = register_optimizer_step_pre_hook(begins)
        after = register_optimizer_step_post_hook(ends)
        try:
            yield
        finally:
            before.remove()
            after.remove()

    def _stepped(self) -> None:
        """An outermost step has ended: compare, at the steps whose hashes are recorded."""
        self._steps += 1
        step, trail = self._steps, self._trail
        if trail is None:
            return
        if trail.counts and step > trail.steps:
            self._differs()
        if step > results.EARLY_HASHES and step & (step - 1):
            return
        if not trail.fits(step, results.digest(self._given)):
            self._differs()
        if trail.counts:
            self._tell({"step": step})

    def _differs(self) -> None:
        self._tell({"differs": self._steps})
        raise _SeenError

    def _call(self, module: types.ModuleType, arguments: dict[str, Any]) -> trace.Stop | None:
        name = self.job["name"]
        function = module.__dict__.get(name)
        if self._trail is not None and callable(function):

            @functools.wraps(function)
            def watched(*args: Any) -> Any:
                value = function(*args)
                self._over()
                return value

            module.__dict__[name] = watched
        return super()._call(module, arguments)

    def _over(self) -> None:
        """The function whose parameters count has returned."""
        assert self._trail is not None
        longer = self._trail.counts and self._steps != self._trail.steps
        if longer or results.digest(self._given) != self._trail.last:
            self._differs()
        self._tell({"step": self._steps})
        if not self._answers:
            raise _SeenError
