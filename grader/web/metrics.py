"""Numbers for Prometheus: what this process did, and what the database holds.  No names of anybody."""

from __future__ import annotations

import threading

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from grader import __version__
from grader.models import VERIFICATIONS, Report, verification_of
from grader.store import jobs, outbox
from grader.store.database import Database

MEDIA = CONTENT_TYPE_LATEST
_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320)
_JOB_STATES = ("queued", "running", "done", "withdrawn")
_OUTBOX_STATES = (outbox.PENDING, outbox.DELIVERED, outbox.DEAD)


class Metrics:
    """The metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._lock = threading.Lock()
        own = self._registry
        self.deliveries = Counter(
            "metronome_deliveries",
            "Webhook deliveries by the status they were answered.",
            ["answer"],
            registry=own,
        )
        self.callbacks = Counter(
            "metronome_callback_attempts",
            "Attempts to send a result, by what came of them.",
            ["result"],
            registry=own,
        )
        self.seconds = Histogram(
            "metronome_grading_seconds", "How long a grading took.", buckets=_SECONDS, registry=own
        )
        self.gradings = Counter(
            "metronome_gradings",
            "Gradings by how far what ran was verified: verified, observed, unverified, or none.",
            ["verification"],
            registry=own,
        )
        for name in VERIFICATIONS:  # there from the start, so that the first of a kind is an increase
            self.gradings.labels(name)
        self._jobs = Gauge("metronome_jobs", "Jobs in the database by state.", ["state"], registry=own)
        self._results = Gauge(
            "metronome_results", "Results in the database by outcome.", ["outcome"], registry=own
        )
        self._outbox = Gauge(
            "metronome_outbox", "Messages to callbacks in the database by state.", ["state"], registry=own
        )
        Info("metronome_build", "The version that runs.", registry=own).info({"version": __version__})

    def graded(self, report: Report) -> None:
        """Count a grading that has ended."""
        self.seconds.observe(report.seconds)
        self.gradings.labels(verification_of(report)).inc()

    def text(self, database: Database) -> bytes:
        """All of them in the text format.  Raises StoreError."""
        with database.read() as connection:
            job_counts, outcomes = jobs.counts(connection), jobs.outcome_counts(connection)
            messages = outbox.counts(connection)
        with self._lock:
            _set(self._jobs, dict.fromkeys(_JOB_STATES, 0) | job_counts)
            _set(self._results, outcomes)
            _set(self._outbox, dict.fromkeys(_OUTBOX_STATES, 0) | messages)
            return generate_latest(self._registry)


def _set(gauge: Gauge, numbers: dict[str, int]) -> None:
    gauge.clear()
    for label, number in numbers.items():
        gauge.labels(label).set(number)
