"""What a batch writes of its runs' verification: counts and one for each student in summary.json."""

from __future__ import annotations

import json
from pathlib import Path

from grader.batch.enrol import enrol
from grader.batch.folder import Folder
from grader.batch.outputs import RunFacts, write_all
from grader.exercise import load_exercise
from grader.ingest.classroom import class_of
from grader.models import Verification
from grader.report import failed_report
from grader.store import jobs
from tests.cohort import read_grades

SLUG = "linreg-torch"
FACTS = RunFacts(sandbox="docker", started=0.0, seconds=1.0, graded=3, kept=0)
RUNS = {
    "ada": Verification(status="verified", method="replay", steps=30, distance=0.0),
    "bob": None,
    "eve": Verification(status="verified", method="answers"),
    "zoe": Verification(status="unverified", method="replay", reason="other weights"),
}


def graded(folder: Folder, handed_in: Path) -> None:
    """Enrol the class and give everyone's job a report with their verification."""
    with folder.database.write() as connection:
        enrol(connection, class_of(handed_in), SLUG, None, lambda submission: submission.sha256)
        while claimed := jobs.claim(connection, "worker", 60):
            made = failed_report(claimed.stored.submission, load_exercise(SLUG), "")
            made = made.model_copy(update={"verification": RUNS[claimed.stored.submission.student]})
            assert jobs.finish(connection, claimed, made, claimed.stored.key)


def test_the_summary_counts_what_was_verified_and_says_it_of_each(tmp_path: Path) -> None:
    handed_in, out = tmp_path / "in", tmp_path / "out"
    handed_in.mkdir()
    for student in RUNS:
        (handed_in / f"{student}.py").write_text("print()\n")
    with Folder(out, SLUG) as folder:
        graded(folder, handed_in)
        assert write_all(folder, FACTS) is not None
    facts = json.loads((out / "summary.json").read_text())
    each = {"ada": "verified", "bob": "none", "eve": "verified", "zoe": "unverified"}
    assert facts["verification"] == {"verified": 2, "observed": 0, "unverified": 1, "none": 1}
    assert facts["verification_each"] == each
    assert {student: row["verification"] for student, row in read_grades(out).items()} == each
    assert "2 verified, 1 unverified, 1 without verification" in (out / "class.html").read_text()
