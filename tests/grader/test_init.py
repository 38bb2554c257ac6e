"""The public API: its names, its laziness, and that `grade` passes on what it is told."""

import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import grader
from grader.settings import Settings


def test_the_public_names_are_pinned():
    assert grader.__all__ == ["Report", "__version__", "grade", "grade_many", "load_exercise"]
    for name in grader.__all__:
        assert getattr(grader, name) is not None


def test_other_names_do_not_exist():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = grader.nonsense


def test_the_version_is_the_distributions():
    project = Path(grader.__file__).parent.parent / "pyproject.toml"
    assert tomllib.loads(project.read_text())["project"]["version"] == grader.__version__


def test_importing_it_loads_nothing_heavy():
    heavy = ("torch", "numpy", "docker", "pydantic", "click")
    code = f"import sys, grader; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_grade_hands_its_arguments_to_the_pipeline(monkeypatch):
    calls = []
    module = ModuleType("grader.single")
    module.grade_file = lambda path, **more: calls.append((path, more)) or "report"
    monkeypatch.setitem(sys.modules, "grader.single", module)
    settings = Settings(sandbox="docker", student="ada")
    assert grader.grade("loop.py", exercise="linreg-torch", sandbox="local", settings=settings) == "report"
    assert calls == [
        (
            Path("loop.py"),
            {"exercise": "linreg-torch", "settings": Settings(sandbox="local", student="ada")},
        )
    ]
