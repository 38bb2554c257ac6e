"""Grading only what is newest, one grading at a time; what has been overtaken is not waited for long."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.errors import MetronomeError
from grader.exercise import load_exercise
from grader.report import failed_report
from grader.session import Session

if TYPE_CHECKING:
    from grader.ingest.loop import Ingested
    from grader.models import Report
    from grader.session import Notice
    from grader.settings import Settings

PATIENCE = 2.0
"""Seconds that an overtaken grading may still take: about what it costs to start another sandbox in its place."""


@dataclass(frozen=True)
class Save:
    """One state of a file: which save it is, counted from 1, when it was first seen, and what was read."""

    number: int
    since: float
    found: Ingested


@dataclass(frozen=True)
class Graded:
    """A report on a save; `whole` once nothing is added to it any more."""

    save: Save
    report: Report
    whole: bool


class Newest:
    """Grades a person's own file, save by save, in one session: a context manager, which ends what still runs.

    The session is closed, and one beside it goes on, only where a grading that nobody waits for any more does not end.
    """

    def __init__(self, settings: Settings, notice: Notice) -> None:
        self._session = Session(settings, trusted=True, notice=notice)
        self._reports: queue.SimpleQueue[Graded | BaseException] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._wanted: Save | None = None
        self._begun: Save | None = None

    def want(self, save: Save | None) -> None:
        """From now on only the report on this save is of interest; None: there is nothing to grade."""
        self._wanted = save

    def turn(self, now: float) -> list[Graded]:
        """Begin and end what is due at `now`; the reports on the newest save that have come.

        Raises what went wrong with a grading, if that is a fault of ours.
        """
        overtaken = self._begun is not self._wanted
        if self._thread is not None and not self._thread.is_alive():
            self._thread.join()
            self._thread = None
        if self._thread is not None and overtaken and self._late(now):
            fresh = self._session.beside()  # over the same pools: what is warm stays warm
            self._end()
            self._session = fresh
        if self._thread is None and overtaken and self._wanted is not None:
            self._begin(self._wanted)
        return self._fresh()

    def _late(self, now: float) -> bool:
        return self._wanted is not None and now - self._wanted.since > PATIENCE

    def _fresh(self) -> list[Graded]:
        fresh = []
        while not self._reports.empty():
            got = self._reports.get()
            if isinstance(got, BaseException):
                raise got
            if got.save is self._wanted:
                fresh.append(got)
        return fresh

    def _begin(self, save: Save) -> None:
        self._begun = save
        self._thread = threading.Thread(target=self._work, args=(save, self._session, self._reports))
        self._thread.start()

    @staticmethod
    def _work(save: Save, session: Session, reports: queue.SimpleQueue[Graded | BaseException]) -> None:
        """The thread: grade one save."""
        submission, problem = save.found
        try:
            report = session.grade(
                submission, problem, early=lambda report: reports.put(Graded(save, report, whole=False))
            )
        except MetronomeError as error:
            report = failed_report(submission, load_exercise(submission.exercise), str(error))
        except BaseException as error:  # noqa: BLE001 (handed to the caller's thread, which raises it)
            reports.put(error)
            return
        reports.put(Graded(save, report, whole=True))

    def _end(self) -> None:
        """Close the session, and with it the grading under way; nothing of that one is heard any more."""
        self._session.close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._reports = queue.SimpleQueue()

    def __enter__(self) -> Newest:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
