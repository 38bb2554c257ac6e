"""The set-up of services for CI, and what becomes of tests whose service is absent."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.launch import engine
from tests import services

ROOT = Path(__file__).parents[1]
NEEDS_DOCKER = "tests/grader/launch/test_docker.py::test_the_launcher_knows_the_images_id"


def pytest_without_engine(tmp_path: Path, promised: bool) -> subprocess.CompletedProcess[str]:
    """A test run of one test marked `docker` where no engine answers."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["DOCKER_HOST"] = f"unix://{tmp_path}/none.sock"
    environment["METRONOME_SERVICES"] = "install" if promised else ""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", NEEDS_DOCKER]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_a_test_without_its_service_is_skipped_and_the_way_to_run_it_is_listed(tmp_path: Path) -> None:
    done = pytest_without_engine(tmp_path, promised=False)
    assert done.returncode == 0
    assert "1 tests left out: no docker" in done.stdout
    assert "No Docker engine answers" in done.stdout
    assert "To run them: METRONOME_SERVICES=install make test" in done.stdout
    assert f"  {NEEDS_DOCKER}" in done.stdout


def test_a_promised_service_that_is_absent_fails_its_tests(tmp_path: Path) -> None:
    done = pytest_without_engine(tmp_path, promised=True)
    assert done.returncode == 1
    assert "skipped" not in done.stdout.splitlines()[-1]


def test_a_command_is_asked_for() -> None:
    with pytest.raises(SystemExit, match="usage"):
        services.main(["run"])


def test_missing_programs_are_named_where_they_cannot_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(services, "SBIN", ())
    with pytest.raises(SystemExit, match=r"docker\.io, debootstrap, iptables missing"):
        services.install()


def test_nothing_is_installed_where_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("ran something"))
    services.install()


@pytest.mark.docker
def test_an_engine_that_answers_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "install", lambda: pytest.fail("installs"))
    before = engine.address()
    with services.services():
        assert engine.address() == before


@pytest.mark.docker
def test_a_private_engine_answers_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        pytest.skip("starting an engine needs root and dockerd")
    monkeypatch.setenv("DOCKER_HOST", "")
    with services.private_engine() as address:
        folder = Path(address.removeprefix("unix://")).parent
        with engine.connected() as client:
            assert client.info()["DockerRootDir"] == f"{folder}/data"
    assert not folder.exists()
    assert str(folder) not in Path("/proc/mounts").read_text()
