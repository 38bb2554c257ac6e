"""The built wheel: it holds what a grading needs and nothing of the tests, and works away from the checkout."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import grader

ROOT = Path(grader.__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel with the tools that are installed; nothing is downloaded."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The wheel, unpacked by pip into a folder of its own, without its dependencies."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, "--no-deps", "--no-index", "--target", str(folder), str(wheel)], check=True)
    return folder


@pytest.fixture
def run(installed, tmp_path):
    """Run Python with the installed wheel first, outside the checkout."""

    def python(*arguments):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GRADE_")}
        own = {"PYTHONPATH": str(installed), "HOME": str(tmp_path), "GRADE_SECRET": "5e" * 32}
        return subprocess.run(
            [sys.executable, "-P", *arguments],
            cwd=tmp_path,
            env={**kept, **own, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return python


def test_the_wheel_holds_code_exercises_references_and_the_image_and_no_tests(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "grader", "sandbox", "exercises", "reference"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    for name in filter(None, tracked.split("\0")):
        wanted = f"grader/_course/{name}" if name.startswith(("exercises/", "reference/")) else name
        assert wanted in names
    for part in (
        "grader/_course/exercises/linreg-torch/exercise.toml",
        "grader/_course/reference/mnist-from-memory/solution.py",
        "sandbox/image/Dockerfile",
        "sandbox/image/requirements.txt",
    ):
        assert part in names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"grader", "sandbox"}
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name or name.endswith(".pyc")]


def test_the_wheel_names_the_command(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        assert "grade = grader.cli:main" in archive.read(name).decode()


def test_the_installed_wheel_is_what_runs_and_finds_its_exercises(run, installed):
    code = (
        "import grader, sandbox, grader.exercise as e; print(grader.__file__, sandbox.__file__, *e.slugs())"
    )
    done = run("-c", code)
    assert (done.returncode, done.stderr) == (0, "")
    first, second, *slugs = done.stdout.split()
    assert first == str(installed / "grader" / "__init__.py")
    assert second == str(installed / "sandbox" / "__init__.py")
    assert {"linreg-torch", "mnist-from-memory"} <= set(slugs)


def test_the_installed_wheel_grades_a_right_loop(run, installed):
    loop = installed / "grader" / "_course" / "reference" / "linreg-torch" / "solution.py"
    done = run(
        *("-m", "grader.cli", "submit", str(loop), "--exercise", "linreg-torch"),
        *("--sandbox", "local", "--format", "json"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["passed"], report["score"]) == (True, {"points": 100.0, "max": 100.0})
