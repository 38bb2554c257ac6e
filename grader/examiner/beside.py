"""One of our own loops, run on a student's challenge beside the record of the student's run."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
import types
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.data import DataLoader

from grader.examiner.answers import Answer, read_answer
from grader.examiner.apart import Budget, Tell, apart
from grader.examiner.likeness import Trail
from grader.exercise import Exercise
from sandbox import results, trace, wire
from sandbox.child import Child

BEGUN: dict[str, Any] = {"begun": True}
"""What a fork tells before each of several loops."""
IDLE = 2
"""Passes over one loader after which a loop that has made no step is taken for one that makes none."""


@dataclass(frozen=True)
class Went:
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


class Beside:
    """What all runs of one request share: the exercise's files in a folder, the student's trail, the time there is."""

    def __init__(
        self,
        folder: Path,
        exercise: Exercise,
        files: Mapping[str, bytes],
        job: dict[str, Any],
        trail: Trail | None,
        budget: Budget,
    ) -> None:
        self.steps = trail.steps if trail else 0
        self._folder, self._job, self._trail, self._budget = folder, job, trail, budget
        data = folder / "exercise" / "data"
        data.mkdir(parents=True)
        (folder / "exercise" / "model.py").write_bytes((exercise.folder / "model.py").read_bytes())
        for path, content in files.items():
            (data / path).parent.mkdir(parents=True, exist_ok=True)
            (data / path).write_bytes(content)

    def run(self, source: bytes, *, answers: bool) -> Went:
        """Run one of our own loops in a fork of its own; without `answers` until its parameters are known."""

        def work(tell: Tell) -> None:
            self._run(source, tell, answers=answers)

        told, ended = apart(work, self._folder, self._budget)
        return self._went(told, ended=ended)

    def run_each(self, sources: Sequence[bytes], *, judge: bool = False) -> Iterator[Went]:
        """Run loops one after another until their parameters are known, all in one fork if none of them ends it.

        Nearly all of what such a run costs is its fork: most differ after a step.  With `judge` the first is the right
        loop: where it does not differ, it is the only one.
        """
        at = 0
        while at < len(sources):
            rest, judges = sources[at:], judge and not at
            told, ended = apart(
                functools.partial(self._run_all, rest, judge=judges), self._folder, self._budget
            )
            begun = [place for place, item in enumerate(told) if item == BEGUN] or [0]
            for start, end in zip(begun, [*begun[1:], len(told)], strict=True):
                went = self._went(told[start:end], ended=ended or end < len(told))
                yield went
                if judges and not start and went.differs is None:
                    return
            at += len(begun)

    def _run_all(self, sources: Sequence[bytes], tell: Tell, *, judge: bool) -> None:
        for number, source in enumerate(sources):
            tell(BEGUN)
            differs = self._run(source, tell, answers=False)
            if judge and not number and not differs:
                return

    def _run(self, source: bytes, tell: Tell, *, answers: bool) -> bool:
        """In the fork: run a loop in a folder that is made for it; whether its parameters differ."""
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        (folder / "exercise").symlink_to(self._folder / "exercise")
        (folder / "loop.py").write_bytes(source)
        os.chdir(folder)
        loop = _Loop(self._job, folder, self._trail, tell, answers=answers)
        loop.run()
        return loop.differs

    def _went(self, told: Sequence[dict[str, Any]], *, ended: bool) -> Went:
        failed = any("failed" in item for item in told) or not (ended or self._budget.spent)
        return Went(
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
        self.differs = False
        self._passes: Counter[int] = Counter()
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
        """Inside, the outermost steps of all optimizers are counted, and the passes over each loader."""

        def begins(*_: object) -> None:
            self._stepping += 1

        def ends(*_: object) -> None:
            self._stepping -= 1
            if self._stepping <= 0:
                self._stepping = 0
                self._stepped()

        iterate = DataLoader.__iter__

        def passes(loader: DataLoader[Any]) -> Any:
            self._begun_pass(loader)
            return iterate(loader)

        before = register_optimizer_step_pre_hook(begins)
        after = register_optimizer_step_post_hook(ends)
        DataLoader.__iter__ = passes  # type: ignore[method-assign]
        try:
            yield
        finally:
            DataLoader.__iter__ = iterate  # type: ignore[method-assign]
            before.remove()
            after.remove()

    def _begun_pass(self, loader: DataLoader[Any]) -> None:
        """A pass begins: a loop that goes on without a step comes to none of a run's that made many."""
        self._passes[id(loader)] += 1
        many = self._trail is not None and self._trail.counts and self._trail.steps > results.EARLY_HASHES
        if many and not self._steps and self._passes[id(loader)] > IDLE:
            self._differs()

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
        self.differs = True
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
