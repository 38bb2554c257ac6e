"""`grade serve`: its options, and that asking for help loads nothing."""

import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest


@pytest.fixture
def served(monkeypatch):
    """The calls of a server that starts nothing."""
    calls = []
    module = ModuleType("grader.web.server")
    module.Address = lambda host, port: SimpleNamespace(host=host, port=port)
    module.serve = lambda settings, address, *, trusted, say: calls.append((settings, address, trusted))
    monkeypatch.setitem(sys.modules, "grader.web.server", module)
    return calls


@pytest.mark.parametrize("name", ["serve", "outbox"])
def test_help_imports_nothing_heavy(name):
    code = (
        "import sys\nfrom grader.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print([m for m in ('torch', 'docker', 'sqlalchemy', 'fastapi', 'pydantic', 'httpx')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, name, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("[]")


def test_the_options_reach_the_server(run, served):
    done = run(
        *("serve", "--host", "::", "--port", "81", "--database", "sqlite:///x.db"),
        *("--sandbox", "local", "--trust-submissions", "--jobs", "3"),
    )
    assert done.exit_code == 0, done.output
    ((settings, address, trusted),) = served
    assert (address.host, address.port, trusted) == ("::", 81, True)
    assert (settings.sandbox, settings.serve.jobs) == ("local", 3)
    assert settings.serve.database.get_secret_value() == "sqlite:///x.db"


def test_without_options_the_settings_stand(run, served, monkeypatch):
    monkeypatch.setenv("GRADE_DATABASE", "sqlite:///class.db")
    run("serve")
    ((settings, address, trusted),) = served
    assert (address.host, address.port, trusted) == ("127.0.0.1", 8000, False)
    assert settings.serve.database.get_secret_value() == "sqlite:///class.db"


@pytest.mark.parametrize(
    "arguments", [["--port", "65536"], ["--port", "x"], ["--jobs", "0"], ["--sandbox", "podman"], ["x"]]
)
def test_a_wrong_option_is_usage(run, served, arguments):
    assert run("serve", *arguments).exit_code == 2
    assert served == []


def test_a_database_that_is_no_url_is_a_sentence(run, served):
    done = run("serve", "--database", "metronome.db")
    assert done.exit_code == 2
    assert "--database: must be a URL such as sqlite:///metronome.db" in done.stderr
