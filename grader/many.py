"""Many files at once: sessions side by side in this process, reports as they finish, and no database."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from grader.errors import UsageError
from grader.exercise import use_folder
from grader.ingest.loop import Ingested, read_loop
from grader.models import Report
from grader.session import Session, grade_or_fail
from grader.settings import Settings, override


def grade_files(
    paths: Sequence[Path],
    *,
    exercise: str | None,
    settings: Settings,
    jobs: int,
    student: Callable[[Path], str] | None = None,
) -> Iterator[Report]:
    """Grade files, `jobs` at a time, and yield each report when it is there.

    Every file is read before the first is run, so a path that is wrong raises at once.  A failure of ours
    is a report with the outcome `grader_error`.  Raises UsageError and LaunchError before the first report.
    """
    if jobs < 1:
        raise UsageError(f"jobs: is {jobs}, but must be at least 1.")
    use_folder(settings.exercises)
    whose = student or (lambda path: settings.student)
    ready = [read_loop(path, exercise, override(settings, student=whose(path))) for path in paths]
    first = Session(settings, trusted=True)
    return _graded(ready, first, min(jobs, max(1, len(ready))))


def _graded(ready: list[Ingested], first: Session, jobs: int) -> Iterator[Report]:
    waiting: queue.SimpleQueue[Ingested] = queue.SimpleQueue()
    for item in ready:
        waiting.put(item)
    finished: queue.SimpleQueue[Report | BaseException] = queue.SimpleQueue()
    sessions = [first]
    threads = []
    try:
        sessions += [first.beside() for _ in range(jobs - 1)]
        for session in sessions:
            threads.append(threading.Thread(target=_work, args=(session, waiting, finished), daemon=True))
            threads[-1].start()
        for _ in ready:
            got = finished.get()
            if isinstance(got, BaseException):
                raise got
            yield got
    finally:
        # Also when the caller stops listening: what still waits is dropped, and what runs is ended.
        while not waiting.empty():
            waiting.get()
        for session in sessions:
            session.close()
        for thread in threads:
            thread.join()


def _work(
    session: Session,
    waiting: queue.SimpleQueue[Ingested],
    finished: queue.SimpleQueue[Report | BaseException],
) -> None:
    """One thread: grade until nothing waits."""
    while True:
        try:
            item = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            finished.put(grade_or_fail(session, item.submission, item.problem))
        except BaseException as error:  # noqa: BLE001 (handed to the caller's thread, which raises it)
            finished.put(error)
            return
