"""The set-up of services for CI, and what becomes of tests whose service is absent."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from grader.launch import engine as client
from tests.services import __main__ as services
from tests.services import browser, engine, packages, postgres

ROOT = Path(__file__).parents[1]
NAMES = ("docker", "postgres", "browser")
NEEDY = f'''"""A test for each service, and a machine that has none of them."""
from pathlib import Path
import pytest
from tests.services import postgres

postgres.DEBIAN = Path("/nowhere")

@pytest.mark.parametrize("name", [pytest.param(name, marks=getattr(pytest.mark, name)) for name in {NAMES}])
def test_needs(name):
    """Runs when its service is there."""
'''


def pytest_without_services(tmp_path: Path, promised: bool) -> subprocess.CompletedProcess[str]:
    """A run of one test for each service where none is to be found."""
    needy = tmp_path / "test_needy.py"
    needy.write_text(NEEDY)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment.pop(postgres.VARIABLE, None)
    environment["DOCKER_HOST"] = f"unix://{tmp_path}/none.sock"
    environment["PATH"] = str(tmp_path)
    environment["METRONOME_SERVICES"] = "install" if promised else ""
    options = ["-p", "no:cacheprovider", "-p", "tests.conftest", "-c", ROOT / "pyproject.toml"]
    command = [sys.executable, "-m", "pytest", *options, "--rootdir", tmp_path, needy]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_tests_without_their_service_are_skipped_and_the_way_to_run_them_is_listed(tmp_path: Path) -> None:
    done = pytest_without_services(tmp_path, promised=False)
    assert done.returncode == 0, done.stdout
    for name in NAMES:
        assert f"1 tests left out: no {name}" in done.stdout
        assert f"::test_needs[{name}]" in done.stdout
    assert done.stdout.count("To run them: METRONOME_SERVICES=install make test") == len(NAMES)
    assert "No Docker engine answers" in done.stdout
    assert "initdb not found" in done.stdout
    assert "chromium and chromedriver not found" in done.stdout


def test_a_promised_service_that_is_absent_fails_its_tests(tmp_path: Path) -> None:
    done = pytest_without_services(tmp_path, promised=True)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].strip("= ").startswith("3 errors in")


def test_a_command_is_asked_for() -> None:
    with pytest.raises(SystemExit, match="usage"):
        services.main(["run"])


def test_only_what_is_missing_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(postgres.VARIABLE, raising=False)
    monkeypatch.setattr("shutil.which", lambda program: None if program == "chromedriver" else program)
    assert services.wanted(engine_answers=False) == ["chromium-driver"]


def test_everything_is_wanted_of_a_bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(postgres.VARIABLE, raising=False)
    monkeypatch.setattr("shutil.which", lambda program: None)
    monkeypatch.setattr(postgres, "DEBIAN", Path("/nowhere"))
    names = ["chromium", "chromium-driver", "docker.io", "debootstrap", "iptables", "postgresql"]
    assert services.wanted(engine_answers=False) == names


def test_what_answers_from_outside_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(postgres.VARIABLE, "postgresql://somebody@elsewhere/tests")
    monkeypatch.setattr("shutil.which", lambda program: None)
    monkeypatch.setattr(postgres, "DEBIAN", Path("/nowhere"))
    assert services.wanted(engine_answers=True) == ["chromium", "chromium-driver"]


def test_missing_programs_are_named_where_they_cannot_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SystemExit, match=r"docker\.io, postgresql missing"):
        packages.install(["docker.io", "postgresql"])


def test_nothing_is_installed_where_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("ran something"))
    packages.install([])


def test_what_is_installed_starts_no_service_and_brings_no_recommended_packages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran = []

    def run(command: list[str], *, env: dict[str, str], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append((command[command.index("-qq") :], env["RUNLEVEL"]))
        return subprocess.CompletedProcess(command, 0, stdout="")

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda program: program)
    monkeypatch.setattr("subprocess.run", run)
    packages.install(["postgresql"])
    (_, first), (command, second) = ran
    assert first == second == "1"
    assert command[-2:] == ["--no-install-recommends", "postgresql"]


@pytest.mark.docker
def test_an_engine_that_answers_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setenv(postgres.VARIABLE, "postgresql://somebody@elsewhere/tests")
    monkeypatch.setattr(packages, "install", lambda names: None)
    monkeypatch.setattr(engine, "private_engine", lambda: pytest.fail("starts an engine"))
    before = client.address()
    with services.services():
        assert client.address() == before


@pytest.mark.docker
def test_a_private_engine_answers_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        pytest.skip("starting an engine needs root and dockerd")
    monkeypatch.setenv("DOCKER_HOST", "")
    with engine.private_engine() as address:
        folder = Path(address.removeprefix("unix://")).parent
        with client.connected() as connection:
            assert connection.info()["DockerRootDir"] == f"{folder}/data"
    assert not folder.exists()
    assert str(folder) not in Path("/proc/mounts").read_text()


def test_a_server_that_is_named_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(postgres.VARIABLE, "postgresql://somebody@elsewhere/tests")
    monkeypatch.setattr(postgres, "private_server", lambda: pytest.fail("starts a server"))
    with postgres.server() as url:
        assert url == "postgresql://somebody@elsewhere/tests"


@pytest.fixture
def programs() -> None:
    """PostgreSQL's programs, which a server somewhere else does not bring."""
    if postgres.programs() is None:
        pytest.skip(f"postgres: initdb not found; {postgres.VARIABLE} names another machine's server.")


@pytest.mark.postgres
@pytest.mark.usefixtures("programs")
def test_a_private_server_answers_on_both_its_sockets_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGPORT", "1")
    with postgres.private_server() as url, psycopg.connect(url) as connection:
        (data,) = connection.execute("SHOW data_directory").fetchone()
        folder = Path(data).parent
        with psycopg.connect(f"{url}?host={folder}"):
            pass
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        pid = int((Path(data) / "postmaster.pid").read_text().split()[0])
    assert not folder.exists()
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.postgres
@pytest.mark.usefixtures("programs")
def test_a_server_that_does_not_start_says_why_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(Path("/tmp").glob("mtr-pg-*"))
    monkeypatch.setattr(postgres, "_free_port", lambda: 99999)
    with pytest.raises(postgres.ServerError, match="99999"), postgres.private_server():
        pytest.fail("started")
    assert set(Path("/tmp").glob("mtr-pg-*")) <= before


@pytest.mark.postgres
def test_each_database_is_its_own_and_is_dropped(postgres_server: str) -> None:
    with postgres.database(postgres_server) as first, postgres.database(postgres_server) as second:
        assert first != second
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE here (it integer)")
        with psycopg.connect(second) as connection:
            assert connection.execute("SELECT to_regclass('here')").fetchone() == (None,)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(first)


def test_a_browser_needs_its_driver_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: None if program == "chromedriver" else program)
    assert browser.absent() == "chromedriver not found."
