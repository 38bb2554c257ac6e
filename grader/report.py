"""Building the Report from what the pipeline has gathered."""

from __future__ import annotations

import secrets

from grader.cells import cell_of, is_notebook, left_out
from grader.checks.beats import beats_seen
from grader.checks.feeding import epochs_trained
from grader.checks.registry import Facts
from grader.exercise import Exercise
from grader.launch.base import Launcher, Outcome
from grader.models import (
    Beats,
    CellPlace,
    Evidence,
    Finding,
    Place,
    Report,
    SandboxFacts,
    Score,
    Submission,
    Verification,
)
from grader.scoring import Scored
from grader.version import VERSION
from sandbox import trace

MOST_STEPS = 1 << 53
"""Numbers of steps above this are no claim worth showing: a float no longer counts one by one there."""


def build_report(
    submission: Submission,
    exercise: Exercise,
    evidence: Evidence,
    scored: Scored,
    outcome: Outcome | None,
    launcher: Launcher | None,
    seconds: float,
) -> Report:
    """The report; `outcome` and `launcher` are None when nothing was run.  `seconds` is the whole grading's time."""
    printed = outcome.output if outcome is not None else b""
    losses = _losses(evidence)
    return Report(
        grader_version=VERSION,
        report_id=secrets.token_hex(6),
        exercise=exercise.slug,
        exercise_title=exercise.title,
        exercise_version=exercise.version,
        filename=submission.filename,
        sha256=submission.sha256,
        student=submission.student,
        outcome=scored.outcome,
        passed=scored.passed,
        score=scored.score,
        summary=summary(scored, evidence.verification),
        findings=_in_cells(scored.findings, submission, evidence),
        requirements=scored.requirements,
        measurement=evidence.measurement,
        verification=evidence.verification,
        beats=_beats(evidence, exercise),
        losses=tuple(loss for _, loss in losses),
        loss_steps=tuple(step for step, _ in losses),
        source="\n".join(source_lines(submission)),
        remarks=_remarks(submission, evidence),
        output=printed.decode(errors="replace"),
        output_truncated=outcome is not None and outcome.output_bytes > len(printed),
        sandbox=_sandbox(evidence, outcome, launcher),
        seconds=round(seconds, 3),
    )


def _remarks(submission: Submission, evidence: Evidence) -> tuple[str, ...]:
    """What to know about the file and its run."""
    dropped = left_out(source_lines(submission)) if is_notebook(submission.filename) else 0
    what = (
        "1 line that only a notebook understands was"
        if dropped == 1
        else f"{dropped} lines that only a notebook understands were"
    )
    remarks = [f"{what} left out (magics and shell commands)."] if dropped else []
    if any(end.failures for end in evidence.of(trace.End)):
        remarks.append(
            "A part of our own instruments failed during the run, so what they saw counts for nothing."
        )
    return tuple(remarks)


def _in_cells(
    findings: tuple[Finding, ...], submission: Submission, evidence: Evidence
) -> tuple[Finding, ...]:
    """The findings with their lines named by cell as well, where the file is a notebook."""
    if not is_notebook(submission.filename):
        return findings
    return tuple(
        finding.model_copy(update={"where": tuple(_in_cell(place, evidence) for place in finding.where)})
        for finding in findings
    )


def _in_cell(place: Place, evidence: Evidence) -> Place:
    cell, line = cell_of(evidence.source, place.line)
    return CellPlace(line=place.line, code=place.code, cell=cell, cell_line=line) if cell else place


def failed_report(submission: Submission, exercise: Exercise, sentence: str) -> Report:
    """The report when we failed: no points, no verdict, and nothing said about the file."""
    return Report(
        grader_version=VERSION,
        report_id=secrets.token_hex(6),
        exercise=exercise.slug,
        exercise_title=exercise.title,
        exercise_version=exercise.version,
        filename=submission.filename,
        sha256=submission.sha256,
        student=submission.student,
        outcome="grader_error",
        passed=None,
        score=Score(points=None, max=exercise.max_points),
        summary=f"No result: {sentence}",
        findings=(),
        requirements=(),
        source="\n".join(source_lines(submission)),
    )


def summary(scored: Scored, verification: Verification | None = None) -> str:
    """One sentence: the verdict and what it rests on."""
    errors = [finding for finding in scored.findings if finding.severity == "error"]
    points = scored.score.points
    reached = "" if points is None else f" {points:g} of {scored.score.max:g} points."
    if verification is not None and verification.status == "unverified":
        return (
            "What the run says it did leads to other weights than it left; a person has to look at this one."
        )
    told = (verification.status, verification.method) if verification is not None else ("", "")
    if scored.passed is None and told == ("observed", "replay"):
        return "Nothing proves that this loop made these weights; a person has to look at this one."
    if scored.outcome == "needs_person":
        return "Too much could not be checked; a person has to look at this one."
    if errors and scored.passed:
        return f"Passed, with a mistake: {errors[0].title[0].lower()}{errors[0].title[1:]}.{reached}"
    if errors:
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        return f"{errors[0].title}{more}.{reached}"
    if scored.passed:
        return f"A right loop.{reached}" if not scored.findings else f"It works; see the remarks.{reached}"
    return f"Not passed.{reached}"


def source_lines(submission: Submission) -> tuple[str, ...]:
    """The student's file as lines, for quoting."""
    return tuple(submission.source.decode("utf-8-sig", errors="replace").splitlines())


def _beats(evidence: Evidence, exercise: Exercise) -> Beats | None:
    facts = Facts(evidence, exercise)
    pattern, lines = beats_seen(facts)
    if not pattern:
        return None
    steps = facts.count("S") or facts.count("BA")
    epochs = epochs_trained(facts)
    return Beats(
        pattern=pattern, lines=lines, steps=steps, epochs=None if epochs is None else round(epochs, 2)
    )


def _losses(evidence: Evidence) -> list[tuple[int, float]]:
    """The losses that were kept, each with the number of its backward pass, counted from 1."""
    series = next((item for item in reversed(evidence.records) if isinstance(item, trace.Losses)), None)
    if series is None:
        return []
    if series.count <= len(series.first):
        return list(enumerate(series.first, start=1))
    pairs = (pair for pair in series.thinned if len(pair) == 2)
    return [(int(number) + 1, loss) for number, loss in pairs if 0 <= number < MOST_STEPS]  # false for nan


def _sandbox(evidence: Evidence, outcome: Outcome | None, launcher: Launcher | None) -> SandboxFacts | None:
    if outcome is None or launcher is None:
        return None
    header = next((item for item in evidence.records if isinstance(item, trace.Header)), None)
    return SandboxFacts(
        launcher=launcher.name,
        isolated=launcher.isolated,
        torch=header.torch if header is not None else "",
        seconds=round(outcome.seconds, 3),
    )
