"""The line a submission goes through: launch, gate, examiner, checks, score, report."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from grader import scoring
from grader.challenge import Challenge
from grader.checks import stops
from grader.counterfactual import counterfactual, with_counterfactual
from grader.examine import prepare
from grader.exercise import Exercise
from grader.judging import judge, judge_again
from grader.launch.lines import Lines, limits_of
from grader.models import CheckResult, Evidence, Report, Submission
from grader.own import with_logits
from grader.report import build_report
from grader.resumes import confirmed, proved, resumed
from grader.runs import Ran, Runs, Say, job_of

Early = Callable[[Report], None]


def quiet(_: str) -> None:
    """Say nothing."""


def unheard(_: Report) -> None:
    """Wait for the whole report."""


def grade_submission(
    submission: Submission,
    exercise: Exercise,
    lines: Lines,
    secret: bytes,
    *,
    deadline: float | None = None,
    progress: Say = quiet,
    early: Early = unheard,
    verify: bool | None = None,
) -> Report:
    """Grade one submission over open lines.  `deadline` shortens the exercise's own, in seconds.

    `early` hears of a report that is complete but for the known mistake it will be likened to, since looking
    for that takes as long as all the rest.
    Runs are verified where the student's code could not reach the process that does it; `verify` is for tests.
    """
    started = time.monotonic()
    limits = limits_of(exercise, deadline)
    challenge = Challenge.derive(
        secret, exercise.slug, exercise.version, submission.student, submission.sha256
    )
    lines.sandbox(exercise, limits)  # it warms up while the examiner draws the data
    verify = lines.launcher.isolated if verify is None else verify
    prepared = prepare(lines.examiner(), exercise, challenge, replays=verify)
    runs = Runs(submission, exercise, lines, limits, challenge, prepared, progress, verify)
    legs = resumed(runs) if verify and exercise.resumes else None
    ran = with_logits(runs, runs.run("running your loop"))
    progress("measuring on hidden data")
    evidence, results = judge(submission, exercise, lines, limits, ran, prepared)
    if legs is not None:
        left = ran.outcome.weights
        known = confirmed(evidence.verification, results, legs, left, exercise)
        evidence, results = replace(evidence, verification=known), proved(results, legs, left, exercise)
    for more in exercise.run:
        if evidence.stop or not evidence.records:
            break
        again = runs.run(f"running your loop again ({more.id})", more.parameters)
        evidence, results = judge_again(
            submission, exercise, limits, again, prepared, more, evidence, results
        )
    scored = scoring.score(exercise, results, evidence.stop, evidence.verification)
    told = partial(build_report, scored=scored, outcome=ran.outcome, launcher=lines.launcher)
    if questionable(evidence, scored):
        early(told(submission, exercise, evidence, seconds=time.monotonic() - started))
        evidence = diagnosed(evidence, scored, runs, ran)
    return told(submission, exercise, evidence, seconds=time.monotonic() - started)


def mistakes(scored: scoring.Scored) -> list[str]:
    """The slugs of the errors that were found."""
    return [finding.slug for finding in scored.findings if finding.severity == "error"]


def questionable(evidence: Evidence, scored: scoring.Scored) -> bool:
    """Whether something is wrong with a run that came to its end."""
    doubtful = evidence.verification is not None and evidence.verification.status != "verified"
    return not evidence.stop and (bool(mistakes(scored)) or doubtful)


def diagnosed(evidence: Evidence, scored: scoring.Scored, runs: Runs, ran: Ran) -> Evidence:
    """The evidence with the known bug that comes to the first run's numbers.

    It explains; points, findings and verdict stand already.
    """
    runs.progress("comparing it with known mistakes")
    job = job_of(runs.submission, runs.exercise, runs.challenge, runs.prepared)
    named = counterfactual(
        runs.lines, runs.exercise, job.fields, runs.prepared, ran.records, mistakes(scored)
    )
    isolated = runs.lines.launcher.isolated
    return replace(
        evidence, verification=with_counterfactual(evidence.verification, named, isolated=isolated)
    )


def unreadable(submission: Submission, exercise: Exercise, problem: str) -> Report:
    """The report on a file that could not be read as source: nothing was run."""
    evidence = Evidence(records=(), source=(), stop="unreadable-file", stop_text=problem)
    finding = stops.stop_finding("unreadable-file", problem, (), evidence)
    results = {finding.slug: CheckResult(slug=finding.slug, status="found", finding=finding)}
    return build_report(
        submission, exercise, evidence, scoring.score(exercise, results, finding.slug), None, None, 0.0
    )
