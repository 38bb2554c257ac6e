"""The local engine: a bounded pool of threads of this process, over the jobs of one database.

Each worker has a grader of its own and claims one job at a time under a lease.  A heartbeat renews the
leases; when the process dies they run out, and whoever comes next takes the jobs again.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
from collections.abc import Callable

from grader.engine.base import Graded, Grader
from grader.errors import MetronomeError, StoreError
from grader.exercise import load_exercise
from grader.models import Report, Submission
from grader.report import failed_report
from grader.store import jobs, outbox, results
from grader.store.database import Database
from grader.store.submissions import job_key

LEASE = 20.0
"""Seconds after which the jobs of a process that died are anybody's."""
POLL = 0.5
TRIES = 3
"""How often a job is tried before our failure is its result."""

log = logging.getLogger(__name__)


class LocalEngine:
    """Threads that do jobs.  `hear` is called, in a worker's thread, with every job that was finished.

    With `drain` the workers end when no job is left, and the first failure of the database ends them all
    (`failure` holds it); otherwise they wait for new jobs, and for the database to come back.
    Making it makes the first grader, so that what is missing (an engine, an image) is said at once.
    """

    def __init__(
        self,
        database: Database,
        make_grader: Callable[[], Grader],
        workers: int,
        *,
        hear: Callable[[Graded], None] | None = None,
        drain: bool = False,
        lease: float = LEASE,
    ) -> None:
        self._database = database
        self._make = make_grader
        self._hear = hear or (lambda graded: None)
        self._drain = drain
        self._lease = lease
        self._first: Grader | None = make_grader()
        self._scout = self._first
        self._digests: dict[str, str] = {}
        self._graders: set[Grader] = set()
        self._lock = threading.Lock()
        self._wake = threading.Condition()
        self._stopping = threading.Event()
        self._aborting = threading.Event()
        self._answered = True
        self._busy: dict[str, jobs.Claimed] = {}
        self.failure: MetronomeError | None = None
        name = secrets.token_hex(8)
        self._owners = [f"{name}-{number}" for number in range(workers)]
        # Not Thread.join: interrupted by a signal, it takes a thread that runs for one that has ended.
        self._ended = {owner: threading.Event() for owner in self._owners}
        self._workers = [
            threading.Thread(target=self._run, args=(owner,), name=f"worker {owner}", daemon=True)
            for owner in self._owners
        ]
        self._heart = threading.Thread(target=self._beat, name=f"heartbeat {name}", daemon=True)

    def start(self) -> None:
        """Begin to take jobs."""
        for thread in (*self._workers, self._heart):
            thread.start()

    def wake(self) -> None:
        """There is a new job: a worker that waits looks at once."""
        with self._wake:
            self._wake.notify()

    def key_of(self, submission: Submission) -> str:
        """The job key of a submission.  Raises MetronomeError when image or exercise are not there."""
        slug = submission.exercise
        if slug not in self._digests:
            self._digests[slug] = self._scout.digest(slug)
        version = load_exercise(slug).version
        return job_key(submission.sha256, submission.student, slug, version, self._digests[slug])

    def alive(self) -> bool:
        """Whether every worker lives and the database answered when it was last asked."""
        started = all(worker.ident is not None for worker in self._workers)
        return self._answered and started and not any(ended.is_set() for ended in self._ended.values())

    def busy(self) -> int:
        """How many jobs run now."""
        return len(self._busy)

    def join(self, seconds: float) -> bool:
        """Wait that long at most for the workers to end; whether they have."""
        return all(ended.wait(seconds / len(self._ended)) for ended in self._ended.values())

    def stop(self, *, abort: bool = False) -> None:
        """Take no new job and finish those that run; with `abort`, end them and put them back."""
        self.finish_soon()
        if abort:
            self._aborting.set()
            with self._lock:
                graders = list(self._graders)
            for grader in graders:
                grader.close()
        for worker, ended in zip(self._workers, self._ended.values(), strict=True):
            if worker.ident is not None:
                ended.wait()
        if self._first is not None:
            self._first.close()

    def finish_soon(self) -> None:
        """Take no new job; returns at once."""
        self._stopping.set()
        with self._wake:
            self._wake.notify_all()

    def _run(self, owner: str) -> None:
        """One worker, from start to end."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._ended[owner].set)
            grader: Grader | None = None
            while not self._stopping.is_set():
                try:
                    with self._database.write() as connection:
                        claimed = jobs.claim(connection, owner, self._lease)
                        left = claimed is not None or jobs.open_count(connection) > 0
                    self._answered = True
                    if claimed is not None:
                        grader = self._do(claimed, grader, stack)
                    elif self._drain and not left:
                        break
                    else:
                        self._rest(POLL / 5 if self._drain else POLL)
                except MetronomeError as error:
                    self._could_not_say(error)
        self.wake()

    def _do(self, claimed: jobs.Claimed, grader: Grader | None, stack: contextlib.ExitStack) -> Grader | None:
        """Do one job; the grader for the next one, None when a new one has to be made."""
        self._busy[claimed.owner] = claimed
        try:
            if grader is None:
                grader = self._new_grader(stack)
            report = grader.grade(claimed.stored.submission, claimed.stored.problem)
            self._finish(claimed, report)
        except StoreError:
            raise
        except MetronomeError as error:
            self._failed(claimed, str(error))
        except Exception as error:  # noqa: BLE001 (a fault of ours must not end the worker, nor be charged)
            log.error("grading failed: %s", _place(error))
            self._failed(claimed, f"The grader itself failed ({type(error).__name__}).")
        finally:
            del self._busy[claimed.owner]
        return grader

    def _new_grader(self, stack: contextlib.ExitStack) -> Grader:
        with self._lock:
            grader, self._first = self._first, None
        if grader is None:
            grader = self._make()
        with self._lock:
            self._graders.add(grader)
        stack.callback(self._retire, grader)
        if self._aborting.is_set():
            grader.close()
        return grader

    def _retire(self, grader: Grader) -> None:
        with self._lock:
            self._graders.discard(grader)
        grader.close()

    def _finish(self, claimed: jobs.Claimed, report: Report) -> None:
        """Keep the result, and what it sends out, in one transaction."""
        try:
            key = self.key_of(claimed.stored.submission)
        except MetronomeError:  # the image has gone meanwhile
            key = claimed.stored.key
        with self._database.write() as connection:
            if not jobs.finish(connection, claimed, report, key):
                return
            # A person may have decided before: then that is what is told.
            told = results.report_of(connection, claimed.stored.id) or report
            outbox.post(connection, claimed.stored, told)
        self._hear(Graded(claimed.stored, told))

    def _failed(self, claimed: jobs.Claimed, sentence: str) -> None:
        """We failed: try again later, or make the failure the result."""
        if self._aborting.is_set():
            with self._database.write() as connection:
                jobs.give_back(connection, claimed)
        elif claimed.failures + 1 < TRIES:
            log.warning("a job failed and is tried again: %s", sentence)
            with self._database.write() as connection:
                jobs.retry(connection, claimed, after=2.0**claimed.failures)
        else:
            submission = claimed.stored.submission
            self._finish(claimed, failed_report(submission, load_exercise(submission.exercise), sentence))

    def _could_not_say(self, error: MetronomeError) -> None:
        """What became of a job could not be kept: its lease will run out, and it is graded again."""
        self._answered = False
        if self._drain:
            self.failure = self.failure or error
            self.finish_soon()
            return
        log.error("%s", error)
        self._rest(2.0)

    def _rest(self, seconds: float) -> None:
        with self._wake:
            if not self._stopping.is_set():
                self._wake.wait(seconds)

    def _beat(self) -> None:
        """Renew the leases of what runs, and of nothing that was given up, until every worker has ended."""
        while not self.join(self._lease / 4):
            with contextlib.suppress(StoreError), self._database.write() as connection:
                for claimed in list(self._busy.values()):
                    jobs.renew(connection, claimed, self._lease)


def _place(error: BaseException) -> str:
    """Kind and place of a fault of ours; not its text, which may hold a student's."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "nowhere"
    return f"{type(error).__name__} at {where}"
