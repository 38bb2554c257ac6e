"""A short class in each isolation: killed and resumed it comes to the same gradebook, and no container is left."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from grader.launch import engine
from tests import cohort
from tests.batch.conftest import Grade, command, environment, nothing_is_left

pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("isolations")]

KILLS = 2
WANTED = ("s003", "s034", "s041", "s047", "s049", "s058")
"""Two that are right, one that is wrong, and one each that crashes, prints too much and cannot be read."""
FEW = [item for item in cohort.cohort() if item.student in WANTED]
SLOW = "import time\n\n\ndef train(*arguments):\n    time.sleep(15)\n"


@pytest.fixture(params=["container", "fork"])
def isolation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each isolation in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def download(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the class's zip and roster."""
    folder = tmp_path_factory.mktemp("download")
    cohort.canvas_zip(folder / "canvas.zip", FEW)
    cohort.roster_csv(folder / "roster.csv", FEW)
    return folder


@pytest.fixture(scope="module")
def undisturbed(grade: Grade, download: Path) -> bytes:
    """The gradebook without a disturbance; it is the same in each isolation."""
    done = grade(*arguments(download, download / "whole"), GRADE_ISOLATION="fork")
    assert done.returncode == 0, done.stderr[-2000:]
    cohort.assert_known(cohort.read_grades(download / "whole"), FEW)
    return (download / "whole" / "grades.csv").read_bytes()


def arguments(download: Path, out: Path) -> list[object]:
    """The command that grades the class."""
    more = ["--sandbox", "docker", "--roster", download / "roster.csv", "-o", out, "--jobs", 2]
    return ["batch", download / "canvas.zip", "--exercise", cohort.SLUG, *more]


def containers_of(pid: int) -> list[str]:
    """Names of the containers, running or not, that a process started."""
    with engine.connected() as client:
        found = client.containers(all=True, filters={"label": f"metronome.owner={pid}"})
    return [name for container in found for name in container["Names"]]


def none_is_left(pid: int, seconds: float = 60.0) -> None:
    """Containers whose grader is dead end by themselves, without anybody reaping them."""
    until = time.monotonic() + seconds
    while (left := containers_of(pid)) and time.monotonic() < until:
        time.sleep(0.2)
    assert left == []


def test_killed_and_resumed_the_gradebook_is_byte_equal(
    grade: Grade, home: Path, download: Path, undisturbed: bytes, tmp_path: Path, isolation: str
) -> None:
    often = tmp_path / "often"
    chance, killed = random.Random(9), []
    for _ in range(KILLS):
        process = subprocess.Popen(
            command(*arguments(download, often)),
            cwd=home,
            env=environment(home, GRADE_ISOLATION=isolation),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(2.0, 8.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed.append(process.pid)
    for pid in killed:
        none_is_left(pid)
    nothing_is_left(home)
    done = grade(*arguments(download, often), GRADE_ISOLATION=isolation)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (often / "grades.csv").read_bytes() == undisturbed
    again = grade(*arguments(download, often), GRADE_ISOLATION=isolation)
    assert "0 graded now" in again.stdout


@pytest.mark.parametrize(
    "signals",
    [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM,), (signal.SIGKILL,)],
    ids=lambda signals: signals[0].name,
)
def test_however_it_is_ended_no_container_is_left(
    home: Path, tmp_path: Path, isolation: str, signals: tuple[signal.Signals, ...]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "slow.py").write_text(SLOW)
    more = ["--sandbox", "docker", "--jobs", 1, "-o", tmp_path / "out"]
    process = subprocess.Popen(
        command("batch", tmp_path / "in", "--exercise", cohort.SLUG, *more),
        cwd=home,
        env=environment(home, GRADE_ISOLATION=isolation),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 120
    while len(containers_of(process.pid)) < 2:
        assert time.monotonic() < until
        time.sleep(0.2)
    time.sleep(1.0)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.5)
    process.wait(timeout=60)
    none_is_left(process.pid)
