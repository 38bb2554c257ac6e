"""Grading a class: read it, keep it, grade what has no result yet, and write everything out.

Killed at any moment, the same call goes on where it was: what was graded is in the database, what was
under way is graded again, and the files are made from the database.
"""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grader.batch.enrol import check_regrade, enrol
from grader.batch.folder import Folder
from grader.batch.outputs import RunFacts, write_all, write_report
from grader.batch.roll import Roll
from grader.engine.base import Graded
from grader.engine.local import LocalEngine
from grader.exercise import load_exercise
from grader.gradebook import Gradebook
from grader.ingest.classroom import class_of
from grader.models import Report
from grader.session import Session, side_by_side
from grader.settings import Settings
from grader.store import jobs

WAIT = 0.2
"""Seconds between looks at what the workers have finished."""


@dataclass(frozen=True)
class Plan:
    """What to grade and where to put it.  `regrade` is None, "all", "failed" or a finding's slug."""

    path: Path
    exercise: str
    out: Path
    jobs: int
    roster: Path | None = None
    regrade: str | None = None
    trusted: bool = False


class Listener(Protocol):
    """Who hears how a batch goes on."""

    def started(self, total: int, kept: int) -> None:
        """`total` submissions, of which `kept` have a result already."""

    def graded(self, student: str, report: Report) -> None:
        """One more has its result."""

    def interrupted(self, running: int) -> None:
        """It was asked to stop: what runs is finished first."""

    def notice(self, text: str) -> None:
        """A sentence for a person."""


@dataclass(frozen=True)
class Result:
    """How a batch ended: `book` is None when it was interrupted, with `left` submissions without a result."""

    book: Gradebook | None
    graded: int
    kept: int
    left: int
    seconds: float


def run_batch(plan: Plan, settings: Settings, listener: Listener) -> Result:
    """Grade a class.  Raises UsageError and other MetronomeErrors; a KeyboardInterrupt ends it in order.

    A second KeyboardInterrupt is raised again once nothing runs any more.
    """
    started = time.time()
    exercise = load_exercise(plan.exercise)
    check_regrade(plan.regrade)
    found = class_of(plan.path, plan.roster, leave_out=(plan.out,))
    with (
        Session(settings, trusted=plan.trusted, notice=listener.notice) as first,
        Folder(plan.out, exercise.slug) as folder,
    ):
        finished: queue.SimpleQueue[Graded] = queue.SimpleQueue()
        engine = LocalEngine(
            folder.database,
            side_by_side(first),
            min(plan.jobs, max(1, len(found.submissions))),
            hear=finished.put,
            drain=True,
        )
        with folder.database.write() as connection:
            roll, waiting = enrol(connection, found, exercise.slug, plan.regrade, engine.key_of)
        kept = len(roll.places) - waiting
        listener.started(len(roll.places), kept)
        batch = _Batch(folder, roll, engine, finished, listener)
        whole = batch.run()
        facts = RunFacts(
            sandbox=first.settings.sandbox,
            started=started,
            seconds=time.time() - started,
            graded=batch.graded,
            kept=kept,
        )
        book = write_all(folder, facts) if whole else None
        with folder.database.read() as connection:
            left = jobs.open_count(connection)
    return Result(book=book, graded=batch.graded, kept=kept, left=left, seconds=facts.seconds)


class _Batch:
    """The part between reading the class and writing the gradebook: the workers work, the files appear."""

    def __init__(
        self,
        folder: Folder,
        roll: Roll,
        engine: LocalEngine,
        finished: queue.SimpleQueue[Graded],
        listener: Listener,
    ) -> None:
        self._folder, self._engine, self._finished, self._listener = folder, engine, finished, listener
        self._places = {place.number: place for place in roll.places}
        self.graded = 0

    def run(self) -> bool:
        """Until nothing is left (True), or an interrupt has let what ran come to its end (False)."""
        whole = True
        try:
            self._engine.start()
            try:
                self._watch()
            except KeyboardInterrupt:
                whole = False
                self._engine.finish_soon()
                self._listener.interrupted(self._engine.busy())
                self._watch()
        except BaseException:
            self._engine.stop(abort=True)
            raise
        self._engine.stop()
        if self._engine.failure is not None:
            raise self._engine.failure
        return whole

    def _watch(self) -> None:
        while not self._engine.join(WAIT):
            self._take()
        self._take()

    def _take(self) -> None:
        """Write the reports of what was finished since the last look."""
        while not self._finished.empty():
            graded = self._finished.get()
            place = self._places[graded.stored.id]
            write_report(self._folder.path, place, graded.report)
            self.graded += 1
            self._listener.graded(place.student, graded.report)


def exit_code(book: Gradebook) -> int:
    """0 when every submission has a result, 4 when some only need a person, 3 otherwise."""
    outcomes = {item.outcome for item in book.entries}
    if "grader_error" in outcomes:
        return 3
    return 4 if "needs_person" in outcomes else 0
