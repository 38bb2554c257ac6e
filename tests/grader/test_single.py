"""One file from a path: what starts nothing, and what is started before the rest is imported."""

import subprocess
import sys

import pytest

from grader.errors import NoSuchFile, UnknownExercise
from grader.exercise import load_exercise
from grader.settings import Settings
from grader.single import grade_file

SOLUTION = load_exercise("linreg-torch").reference / "solution.py"
NO_ENGINE = Settings(sandbox="docker")


@pytest.fixture
def _no_engine(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")


@pytest.mark.usefixtures("_no_engine")
@pytest.mark.parametrize("content", [b"", b"\x7fELF\0\0", b"#" * (2 << 20), b"x = '\xff'\n", b"x = 1\0\n"])
def test_an_unreadable_file_is_a_finding_and_starts_nothing(tmp_path, content):
    """No engine answers: had anything been started, it would have been exit 3."""
    path = tmp_path / "loop.py"
    path.write_bytes(content)
    report = grade_file(path, exercise="linreg-torch", settings=NO_ENGINE)
    assert (report.outcome, report.passed, report.score.points) == ("student_error", False, 0)
    assert [item.slug for item in report.findings] == ["unreadable-file"]
    assert report.sandbox is None
    assert report.score.max == 100


@pytest.mark.usefixtures("_no_engine")
def test_a_path_or_an_exercise_that_does_not_exist_starts_nothing(tmp_path):
    with pytest.raises(NoSuchFile):
        grade_file(tmp_path / "no.py", exercise="linreg-torch", settings=NO_ENGINE)
    (tmp_path / "loop.py").write_text("x = 1\n")
    with pytest.raises(UnknownExercise, match=r"There are: .*linreg-torch, .*mnist-from-memory"):
        grade_file(tmp_path / "loop.py", exercise="nonsense", settings=NO_ENGINE)


def test_both_roles_are_started_before_the_pipeline_is_imported():
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from grader.launch.local import LocalLauncher\n"
        "from grader.settings import Settings\n"
        "def start(self, role, limits):\n"
        "    print(role, [name for name in ('grader.pipeline', 'numpy', 'torch') if name in sys.modules])\n"
        "    if role == 'examiner': raise KeyboardInterrupt\n"
        "    return type('Endpoint', (), {'close': lambda self: print('closed')})()\n"
        "LocalLauncher.start = start\n"
        "from grader.single import grade_file\n"
        "try: grade_file(Path(sys.argv[1]), exercise='linreg-torch', settings=Settings(sandbox='local'))\n"
        "except KeyboardInterrupt: pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(SOLUTION)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["sandbox []", "examiner []", "closed"]
