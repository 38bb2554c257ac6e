"""A warm zygote in local mode, shared by the tests of one worker: student files in, outcomes out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest
from hypothesis import settings

from grader.launch.base import Job, Limits, Outcome
from grader.launch.drive import Line, run_job
from grader.launch.local import LocalEndpoint, LocalLauncher
from sandbox import trace

settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

LIMITS = Limits(deadline=20.0, memory=1 << 30, processes=32, scratch=64 << 20)
SEEDS = {"init": 1, "order": 2, "dropout": 3}
NOTHING_GIVEN = "def make(data, seeds, parameters):\n    return {}\n"
Kind = TypeVar("Kind", bound=trace.Record)


@dataclass(frozen=True)
class Ran:
    """One finished job: how it ended and, where the trace is whole, its records."""

    outcome: Outcome
    records: tuple[trace.Record, ...] = ()

    def of(self, kind: type[Kind]) -> list[Kind]:
        """All records of a kind, in order."""
        return [record for record in self.records if isinstance(record, kind)]

    def one(self, kind: type[Kind]) -> Kind:
        """The only record of a kind."""
        (record,) = self.of(kind)
        return record

    @property
    def said(self) -> str:
        """What the file printed."""
        return self.outcome.output.decode()


@dataclass
class Warm:
    """Runs files in a zygote that is started when needed, and again after it was killed."""

    launcher: LocalLauncher = field(default_factory=LocalLauncher)
    line: Line | None = None

    def run(
        self,
        source: str | bytes,
        *,
        model: str = NOTHING_GIVEN,
        entry: str = "script",
        limits: Limits = LIMITS,
        files: dict[str, bytes] | None = None,
        **fields: Any,
    ) -> Ran:
        """Run one file; `limits` bound it, `fields` go into its job."""
        if isinstance(source, str):
            source = textwrap.dedent(source).encode()
        job: dict[str, object] = {
            "entry": entry,
            "name": "train",
            "filename": "loop.py",
            "seeds": SEEDS,
            "parameters": {},
            "shapes": [[1, 1], [1]],
            "spies": True,
            **fields,
        }
        laid = {"loop.py": source, "exercise/model.py": textwrap.dedent(model).encode(), **(files or {})}
        outcome = run_job(self.started(), Job(laid, job), limits)
        try:
            records = trace.read(outcome.trace)
        except trace.TraceError:
            records = ()
        if outcome.timed_out:
            self.close()
        else:
            self.started().settled()
        return Ran(outcome, records)

    def started(self) -> Line:
        """The line to the zygote, ready."""
        if self.line is None:
            self.line = Line(self.launcher.start("sandbox", LIMITS))
            self.line.wait_ready()
        return self.line

    @property
    def endpoint(self) -> LocalEndpoint:
        """The zygote's process."""
        endpoint = self.started().endpoint
        assert isinstance(endpoint, LocalEndpoint)
        return endpoint

    def close(self) -> None:
        """End the zygote."""
        if self.line is not None:
            self.line.endpoint.close()
            self.line = None


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """One zygote for the whole session."""
    runner = Warm()
    yield runner
    runner.close()


def within(**changes: Any) -> Limits:
    """The usual limits with some changed."""
    return replace(LIMITS, **changes)
