"""Numbers for Prometheus: gradings by how far their runs were verified."""

import pytest

from grader.models import Submission, Verification
from grader.web.metrics import Metrics
from tests.grader.web.parts import report

FILE = Submission(filename="loop.py", source=b"x", exercise="linreg-torch", student="ada")


@pytest.fixture
def metrics():
    return Metrics()


def lines(metrics, database):
    """The counter's lines, by label."""
    name = "metronome_gradings_total"
    return {
        line.partition(" ")[0].removeprefix(name): float(line.rpartition(" ")[2])
        for line in metrics.text(database).decode().splitlines()
        if line.startswith(name)
    }


def test_every_status_is_there_before_anything_is_graded(metrics, database):
    names = ("verified", "observed", "unverified", "none")
    assert lines(metrics, database) == {f'{{verification="{name}"}}': 0.0 for name in names}


def test_gradings_are_counted_by_how_far_they_were_verified(metrics, database):
    for status, method in (
        ("verified", "replay"),
        ("verified", "answers"),
        ("observed", "none"),
        ("unverified", "replay"),
    ):
        found = Verification(status=status, method=method, reason='by "ada"\n')
        metrics.graded(report(FILE, verification=found, seconds=2.0))
    metrics.graded(report(FILE, outcome="student_error", passed=False))
    assert lines(metrics, database) == {
        '{verification="verified"}': 2.0,
        '{verification="observed"}': 1.0,
        '{verification="unverified"}': 1.0,
        '{verification="none"}': 1.0,
    }
    text = metrics.text(database).decode()
    assert "metronome_grading_seconds_count 5.0" in text
    assert "metronome_grading_seconds_sum 8.0" in text
    assert "ada" not in text
