"""What all tests share: a test whose service is absent is skipped and listed, or fails in CI."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache

import pytest

from grader.launch import docker
from grader.launch.docker import DockerLauncher

ENABLE = "METRONOME_SERVICES=install make test"
PROMISED = os.environ.get("METRONOME_SERVICES") == "install"
"""Whether the set-up promised all services: then an absent one is a failure (a GPU apart)."""


@cache
def no_docker() -> str:
    """Why tests marked `docker` cannot run, "" when they can; asked once a process."""
    return docker.ready()


@cache
def no_gpu() -> str:
    """Why tests marked `gpu` cannot run, "" when they can."""
    if not docker.has_gpu():
        return "This machine has no CUDA device."
    import torch

    return "" if torch.cuda.is_available() else "This torch has no CUDA."


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for a test's services before its fixtures do."""
    if item.get_closest_marker("gpu") and (reason := no_gpu()):
        pytest.skip(f"gpu: {reason}")
    if item.get_closest_marker("docker") and (reason := no_docker()):
        if PROMISED:
            pytest.fail(f"docker: {reason}", pytrace=False)
        pytest.skip(f"docker: {reason}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the tests left out for want of a service, with the way to run them."""
    absent: dict[str, list[str]] = {}
    for report in terminalreporter.getreports("skipped"):
        if isinstance(report, pytest.TestReport) and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            if reason.startswith(("docker: ", "gpu: ")):
                absent.setdefault(reason, []).append(report.nodeid)
    for reason, tests in sorted(absent.items()):
        service, _, why = reason.partition(": ")
        way = f"To run them: {ENABLE}" if service == "docker" else "They need a machine with a GPU."
        terminalreporter.section(f"{len(tests)} tests left out: no {service}")
        terminalreporter.line(f"{why}\n{way}")
        for test in sorted(tests):
            terminalreporter.line(f"  {test}")


@pytest.fixture(scope="session")
def docker_launcher() -> Iterator[DockerLauncher]:
    """A launcher of containers; at its end none of them may be left."""
    launcher = DockerLauncher()
    try:
        yield launcher
        assert own_containers() == []
    finally:
        launcher.close()


def own_containers() -> list[str]:
    """Names of the containers, running or not, that this process started."""
    from grader.launch import engine

    with engine.connected() as client:
        found = client.containers(all=True, filters={"label": f"metronome.owner={os.getpid()}"})
    return [name for container in found for name in container["Names"]]
