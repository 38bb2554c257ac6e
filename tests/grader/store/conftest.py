"""Databases of both kinds, and submissions and reports to put into them."""

import pytest

from grader.models import Finding, Report, RequirementResult, Score, Submission
from grader.store import jobs
from grader.store.database import open_database
from grader.store.submissions import HandedIn, keep

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(params=KINDS)
def where(request, tmp_path):
    """Where a new database of each kind can be opened: a path, or a URL."""
    if request.param == "sqlite":
        return tmp_path / "grade.db"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def database(where):
    with open_database(where) as opened:
        yield opened


def handed_in(name="ada", source=b"loss.backward()\n", **changes):
    """A submission by `name`, under that name."""
    file = Submission(filename="loop.py", source=source, exercise="linreg-torch", student=name)
    return HandedIn(**{"external_id": name, "submission": file, **changes})


def kept(database, *names, **changes):
    """Submissions by these names, kept in this order."""
    with database.write() as connection:
        return [keep(connection, handed_in(name, **changes), "key") for name in names]


def claimed(database, owner="worker", lease=60.0):
    """The next job."""
    with database.write() as connection:
        return jobs.claim(connection, owner, lease)


def finished(database, claim, report, key="key"):
    """Whether the report was kept as the job's result."""
    with database.write() as connection:
        return jobs.finish(connection, claim, report, key)


def make_report(**changes):
    """A report; what is not said is a failed run of linreg-torch with one finding."""
    fields = {
        "grader_version": "0.1.0",
        "report_id": "3f2a91bc",
        "exercise": "linreg-torch",
        "exercise_title": "Linear regression",
        "exercise_version": 1,
        "filename": "loop.py",
        "sha256": "ab" * 32,
        "student": "ada",
        "outcome": "graded",
        "passed": False,
        "score": Score(points=4.0, max=8.5),
        "summary": "The gradients are never cleared.",
        "findings": (make_finding(),),
        "requirements": (
            make_row("runs", "passed", 4.0, 4.0),
            make_row("clears", "failed", 0.0, 4.5),
            make_row("data", "could-not-check", None, 1.5),
        ),
        "seconds": 1.5,
    }
    return Report(**{**fields, **changes})


def make_finding(**changes):
    fields = {
        "slug": "missing-zero-grad",
        "severity": "error",
        "title": "Gradients are never cleared",
        "evidence": "At step 10 the optimizer used 10 gradients.",
        "why": "PyTorch adds up.",
        "fix": "Call optimizer.zero_grad().",
    }
    return Finding(**{**fields, **changes})


def make_row(ident, status, points, most):
    return RequirementResult(
        id=ident, title=ident.title(), status=status, points=points, max=most, required=False
    )
