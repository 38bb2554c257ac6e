"""What all tests share: a test whose service is absent is skipped and listed, or fails in CI."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import cache

import pytest

from grader.launch import docker, engine, owners
from grader.launch.base import Limits, Role
from grader.launch.docker import DockerLauncher
from tests.services import browser, postgres

ENABLE = "METRONOME_SERVICES=install make test"
PROMISED = os.environ.get("METRONOME_SERVICES") == "install"
"""Whether the set-up promised all services: then an absent one is a failure (a GPU apart)."""


# A shell that starts a job in the background has it ignore Ctrl-C (and nohup a hangup), and all below inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@cache
def no_gpu() -> str:
    """Why tests marked `gpu` cannot run, "" when they can."""
    if not docker.has_gpu():
        return "This machine has no CUDA device."
    import torch

    return "" if torch.cuda.is_available() else "This torch has no CUDA."


SERVICES = {
    "docker": cache(docker.ready),
    "postgres": cache(postgres.absent),
    "browser": cache(browser.absent),
}
"""By marker, what says why its tests cannot run, "" when they can; asked once a process."""
LONG = 200  # characters of a parameter in a test's name
WAYS = {
    "docker": f"To run them: {ENABLE}",
    "postgres": f"To run them: {ENABLE}, or set {postgres.VARIABLE} to the URL of a server.",
    "browser": f"To run them: {ENABLE}, or install Chromium and chromedriver.",
    "gpu": "They need a machine with a GPU.",
}


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a long parameter by its length: a name of megabytes goes through every message about its test."""
    if isinstance(val, (str, bytes)) and len(val) > LONG:
        return f"{len(val)} {'characters' if isinstance(val, str) else 'bytes'}"
    return None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for a test's services before its fixtures do."""
    if item.get_closest_marker("gpu") and (reason := no_gpu()):
        pytest.skip(f"gpu: {reason}")
    for service, absent in SERVICES.items():
        if item.get_closest_marker(service) and (reason := absent()):
            if PROMISED:
                pytest.fail(f"{service}: {reason}", pytrace=False)
            pytest.skip(f"{service}: {reason}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name a failure as it happens: a run that is ended before its end has told of it all the same."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        message = getattr(getattr(report.longrepr, "reprcrash", None), "message", str(report.longrepr))
        print(f"\n{report.nodeid} failed in its {report.when}: {message[:2000]}", flush=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the tests left out for want of a service, with the way to run them."""
    absent: dict[str, list[str]] = {}
    for report in terminalreporter.getreports("skipped"):
        if isinstance(report, pytest.TestReport) and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            if reason.partition(": ")[0] in WAYS:
                absent.setdefault(reason, []).append(report.nodeid)
    for reason, tests in sorted(absent.items()):
        service, _, why = reason.partition(": ")
        terminalreporter.section(f"{len(tests)} tests left out: no {service}")
        terminalreporter.line(f"{why}\n{WAYS[service]}")
        for test in sorted(tests):
            terminalreporter.line(f"  {test}")


class CountedLauncher(DockerLauncher):
    """A launcher of containers that knows which of them are still there, beside those of other launchers."""

    def __init__(self, gpu: str = "none") -> None:
        super().__init__(gpu=gpu)
        self._started: set[str] = set()

    def _create(self, name: str, role: Role, limits: Limits) -> None:
        self._started.add(f"/{name}")
        super()._create(name, role, limits)

    def left(self) -> list[str]:
        """Names of its containers, running or not, that the engine still has."""
        with engine.connected() as client:
            found = client.containers(all=True, filters={"label": owners.ROLE})
        return sorted(self._started.intersection(name for container in found for name in container["Names"]))


@pytest.fixture(scope="session")
def docker_launcher() -> Iterator[CountedLauncher]:
    """A launcher of containers; at its end none of them may be left."""
    launcher = CountedLauncher()
    try:
        yield launcher
        assert launcher.left() == []
    finally:
        launcher.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of the PostgreSQL server that was given, or of one that this process starts (1 s)."""
    with postgres.server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own, dropped afterwards."""
    with postgres.database(postgres_server) as url:
        yield url
