"""A fake pipeline under the command line: it records its calls and gives a prepared report."""

import sys
from dataclasses import dataclass, field
from types import ModuleType

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.models import Report, Score


def report(**changes):
    fields = {
        "grader_version": "0.1.0",
        "report_id": "3f2a91bc",
        "exercise": "linreg-torch",
        "exercise_title": "A line",
        "exercise_version": 1,
        "filename": "loop.py",
        "sha256": "ab" * 32,
        "outcome": "graded",
        "passed": True,
        "score": Score(points=10.0, max=10.0),
        "summary": "All is well.",
        "findings": (),
        "requirements": (),
    }
    return Report(**{**fields, **changes})


@dataclass
class Pipeline:
    """What grade_file was called with; `result` is what it returns, or raises."""

    result: object = field(default_factory=report)
    calls: list = field(default_factory=list)
    says: tuple = ()

    def grade_file(self, path, *, exercise, settings, progress=None, notice=None):
        self.calls.append((path, exercise, settings))
        for text in self.says:
            progress(text)
            notice(text)
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


@pytest.fixture
def make_report():
    return report


@pytest.fixture
def pipeline(monkeypatch):
    fake = Pipeline()
    module = ModuleType("grader.single")
    module.grade_file = fake.grade_file
    monkeypatch.setitem(sys.modules, "grader.single", module)
    return fake


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run `grade` in an empty folder, with no settings from outside."""
    for name in ("GRADE_SANDBOX", "GRADE_EXERCISE", "GRADE_STUDENT", "GRADE_GPU", "GRADE_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])
