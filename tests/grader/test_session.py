"""Sessions: lines that stay open, isolation that is never given up silently, and failures that start afresh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.errors import ImageMissing, MetronomeError, SandboxBroken, UntrustedSubmissions
from grader.exercise import load_exercise
from grader.launch.tending import TendedPool
from grader.models import Submission
from grader.session import Session, grade_or_fail, side_by_side
from grader.settings import Settings
from tests.grader.fakes import FakeLauncher

SOLUTION = (load_exercise("linreg-torch").reference / "solution.py").read_bytes()


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADE_SECRET", "5e" * 32)


@pytest.fixture
def launchers(monkeypatch: pytest.MonkeyPatch) -> list[FakeLauncher]:
    """The launchers that sessions choose: fakes."""
    chosen: list[FakeLauncher] = []

    def choose(settings: Settings, wants_gpu: bool, notice: object) -> FakeLauncher:
        chosen.append(FakeLauncher(isolated=settings.sandbox == "docker"))
        return chosen[-1]

    monkeypatch.setattr("grader.launch.pools.choose_launcher", choose)
    return chosen


def submission(source: bytes = SOLUTION) -> Submission:
    return Submission(filename="loop.py", source=source, exercise="linreg-torch", student="ada")


def test_without_isolation_nobody_elses_file_is_run_unless_they_are_vouched_for(
    launchers: list[FakeLauncher],
) -> None:
    with pytest.raises(UntrustedSubmissions, match="--trust-submissions") as raised:
        Session(Settings(sandbox="local"))
    assert raised.value.exit_code == 2
    assert launchers[0].closed == 1
    Session(Settings(sandbox="local"), trusted=True).close()
    Session(Settings(sandbox="docker")).close()


def test_where_things_run_is_decided_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def choose(settings: Settings, wants_gpu: bool, notice: object) -> FakeLauncher:
        asked.append(settings.sandbox)
        return FakeLauncher(isolated=True)

    monkeypatch.setattr("grader.launch.pools.choose_launcher", choose)
    monkeypatch.setattr(FakeLauncher, "name", "docker")
    with Session(Settings(sandbox="auto")) as session:
        assert session.settings.sandbox == "docker"
        with pytest.raises(IndexError):  # the fake has no endpoint to give
            session.grade(submission())
        assert len(session.digest("linreg-torch")) == 64
    assert asked == ["auto"]


def test_an_unreadable_file_is_reported_without_running_anything(launchers: list[FakeLauncher]) -> None:
    with Session(Settings(sandbox="local"), trusted=True) as session:
        report = session.grade(submission(b""), "The file is empty.")
    assert [item.slug for item in report.findings] == ["unreadable-file"]
    assert launchers[0].started == []


def test_a_failure_of_ours_is_a_report_that_charges_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.launch.pools.choose_launcher", lambda *_: FakeLauncher(isolated=True))

    def broken(*_: object, **__: object) -> None:
        raise SandboxBroken("The sandbox ended before it answered.")

    monkeypatch.setattr("grader.session.grade_submission", broken)
    with Session(Settings()) as session:
        report = grade_or_fail(session, submission())
    assert (report.outcome, report.passed, report.score.points, report.score.max) == (
        "grader_error",
        None,
        None,
        100.0,
    )
    assert report.summary == "No result: The sandbox ended before it answered."
    assert report.findings == ()


def test_a_closed_session_grades_nothing(launchers: list[FakeLauncher]) -> None:
    session = Session(Settings(sandbox="docker"))
    session.close()
    session.close()
    with pytest.raises(MetronomeError, match="closed"):
        session.grade(submission())


def test_the_digest_rests_on_exercise_and_ground(launchers: list[FakeLauncher]) -> None:
    with Session(Settings(sandbox="docker")) as session:
        one = {session.digest(slug) for slug in ("linreg-torch", "mnist-from-memory")}
        launchers[0].ground = "another image"
        other = session.digest("linreg-torch")
    assert len(one | {other}) == 3


@pytest.mark.parametrize(
    ("isolated", "asked", "got"),
    [(False, "container", "fork"), (True, "container", "container"), (True, "fork", "fork")],
)
def test_isolation_is_as_the_settings_say_and_a_local_zygote_serves_many(
    monkeypatch: pytest.MonkeyPatch, isolated: bool, asked: Any, got: str
) -> None:
    made: list[str] = []

    class Spied(TendedPool):
        def __init__(self, launcher: FakeLauncher, isolation: Any) -> None:
            made.append(isolation)
            super().__init__(launcher, isolation)

    monkeypatch.setattr("grader.launch.pools.TendedPool", Spied)
    monkeypatch.setattr("grader.launch.pools.choose_launcher", lambda *_: FakeLauncher(isolated=isolated))
    Session(Settings(isolation=asked), trusted=True).close()
    assert made == [got]


def test_sessions_side_by_side_share_one_pool_until_the_last_is_closed(launchers: list[FakeLauncher]) -> None:
    make = side_by_side(Session(Settings(sandbox="local"), trusted=True))
    first, second, third = make(), make(), make()
    assert len(launchers) == 1
    first.close()
    assert second.digest("linreg-torch") == third.digest("linreg-torch")
    third.close()
    third.close()
    assert launchers[0].closed == 0
    second.close()
    assert launchers[0].closed == 1
    with pytest.raises(MetronomeError, match="closed"):
        make()


@pytest.mark.docker
def test_an_image_that_is_not_built_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.launch.docker.tag_for", lambda device: f"metronome-nowhere:{device}")
    with pytest.raises(ImageMissing):
        Session(Settings(sandbox="docker"))


def test_one_session_grades_one_after_another_for_real(tmp_path: Path) -> None:
    wrong = (load_exercise("linreg-torch").reference / "bugs" / "double_step.py").read_bytes()
    with Session(Settings(sandbox="local"), trusted=True) as session:
        reports = [session.grade(submission(source)) for source in (SOLUTION, wrong, SOLUTION)]
    assert [report.passed for report in reports] == [True, False, True]
    assert reports[0].findings == reports[2].findings
    assert reports[0].measurement == reports[2].measurement
