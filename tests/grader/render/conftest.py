"""A report to render, and variations of it."""

import math

import pytest

from grader.models import (
    Beats,
    Finding,
    Measurement,
    Place,
    Report,
    RequirementResult,
    SandboxFacts,
    Score,
)


def row(ident, title, status, points, most, **more):
    return RequirementResult(
        id=ident, title=title, status=status, points=points, max=most, required=False, **more
    )


@pytest.fixture
def make_finding():
    def make(**changes):
        fields = {
            "slug": "missing-zero-grad",
            "severity": "error",
            "title": "Gradients are never cleared",
            "evidence": "At step 10 the optimizer used 10 gradients.",
            "where": (Place(line=12, code="loss.backward()"), Place(line=13, code="optimizer.step()")),
            "why": "PyTorch adds up.",
            "fix": "Call optimizer.zero_grad().",
        }
        return Finding(**{**fields, **changes})

    return make


@pytest.fixture
def make_report(make_finding):
    def make(**changes):
        fields = {
            "grader_version": "0.1.0",
            "report_id": "3f2a91bc",
            "exercise": "mnist-from-memory",
            "exercise_title": "MNIST from memory",
            "exercise_version": 1,
            "filename": "loop.py",
            "sha256": "ab" * 32,
            "student": "ada",
            "outcome": "graded",
            "passed": False,
            "score": Score(points=4.0, max=10.0),
            "summary": "The gradients are never cleared.",
            "findings": (make_finding(),),
            "requirements": (
                row("runs", "Runs to its end", "passed", 1.0, 1.0),
                row("clears", "Clears once per step", "failed", 0.0, 3.0, findings=("missing-zero-grad",)),
                row("data", "Keeps data apart", "could-not-check", None, 1.5, reason="no loader was seen"),
            ),
            "measurement": Measurement(
                metric="accuracy",
                value=0.8742,
                threshold=0.915,
                better="higher",
                samples=5000,
                basis="verified",
            ),
            "beats": Beats(pattern="ZFLBS", lines=(8, 9, 10, 11, 12), steps=470, epochs=5.0),
            "losses": tuple(2.3 * math.exp(-index / 60) for index in range(200)),
            "output": "".join(f"epoch {index}\n" for index in range(1, 31)),
            "sandbox": SandboxFacts(launcher="docker", isolated=True, torch="2.13.0", seconds=9.1),
            "seconds": 12.34,
        }
        return Report(**{**fields, **changes})

    return make
