"""The line a submission goes through: ingest, launch, gate, examiner, checks, score, report.

grade_file        a path on this machine, everything started and ended for it
grade_submission  one submission over lines that are already open
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from grader import gate, scoring
from grader.challenge import Challenge, course_secret
from grader.checks import stops
from grader.checks.registry import merged, run_checks
from grader.counterfactual import counterfactual, with_counterfactual
from grader.errors import GateError, SandboxBroken
from grader.examine import Prepared, basis_of, judged, measure, prepare, untrained
from grader.exercise import Exercise, Run, load_exercise, use_folder
from grader.ingest.loop import read_loop
from grader.launch.base import Job, Limits, Outcome
from grader.launch.choose import choose_launcher
from grader.launch.drive import run_job
from grader.launch.lines import Lines, limits_of
from grader.models import CheckResult, Evidence, Report, Submission, Verification
from grader.render.clean import clean
from grader.report import build_report, source_lines
from grader.settings import Settings
from grader.verify import Replayed, lesser, replay, told, transfers
from sandbox import trace

Say = Callable[[str], None]


def quiet(_: str) -> None:
    """Say nothing."""


def grade_file(
    path: Path,
    *,
    exercise: str | None,
    settings: Settings,
    progress: Say | None = None,
    notice: Say | None = None,
) -> Report:
    """Grade one file.  `progress` hears what is being done, `notice` what a person should know.

    Raises UsageError, LaunchError, ExaminerError and other MetronomeErrors; never for what a student did.
    """
    use_folder(settings.exercises)
    submission, problem = read_loop(path, exercise, settings)
    chosen = load_exercise(submission.exercise)
    if problem:
        return unreadable(submission, chosen, problem)
    secret = course_secret(settings)
    (progress or quiet)("starting the sandbox")
    launcher = choose_launcher(settings, chosen.gpu, notice or quiet)
    with Lines(launcher) as lines:
        return grade_submission(submission, chosen, lines, secret, progress=progress or quiet)


def grade_submission(
    submission: Submission,
    exercise: Exercise,
    lines: Lines,
    secret: bytes,
    *,
    deadline: float | None = None,
    progress: Say = quiet,
    verify: bool | None = None,
) -> Report:
    """Grade one submission over open lines.  `deadline` shortens the exercise's own, in seconds.

    Runs are verified where the student's code could not reach the process that does it; `verify` is for tests.
    """
    started = time.monotonic()
    limits = limits_of(exercise, deadline)
    challenge = Challenge.derive(
        secret, exercise.slug, exercise.version, submission.student, submission.sha256
    )
    lines.sandbox(exercise, limits)  # it warms up while the examiner draws the data
    prepared = prepare(lines.examiner(), exercise, challenge)
    verify = lines.launcher.isolated if verify is None else verify
    runs = Runs(submission, exercise, lines, limits, challenge, prepared, progress, verify)
    ran = runs.run("running your loop")
    progress("measuring on hidden data")
    evidence, results = judge(submission, exercise, lines, limits, ran, prepared)
    for more in exercise.run:
        if evidence.stop or not evidence.records:
            break
        again = runs.run(f"running your loop again ({more.id})", more.parameters)
        evidence, results = judge_again(
            submission, exercise, limits, again, prepared, more, evidence, results
        )
    scored = scoring.score(exercise, results, evidence.stop, evidence.verification)
    evidence = diagnosed(evidence, scored, runs, ran)
    return build_report(
        submission, exercise, evidence, scored, ran.outcome, lines.launcher, time.monotonic() - started
    )


@dataclass(frozen=True)
class Ran:
    """A run that is to be judged: what the host saw, its records or why they were refused, how far it is verified."""

    outcome: Outcome
    records: tuple[trace.Record, ...]
    refused: str = ""
    verification: Verification | None = None


@dataclass(frozen=True)
class Runs:
    """Runs of one submission on one challenge."""

    submission: Submission
    exercise: Exercise
    lines: Lines
    limits: Limits
    challenge: Challenge
    prepared: Prepared
    progress: Say
    verify: bool = False

    def run(self, doing: str, parameters: Mapping[str, float | int | str] = MappingProxyType({})) -> Ran:
        """Run the file under spies and verify what is claimed; `parameters` change some of the challenge's.

        A run that cannot be done again as it was told is run once more with every operation traced.
        """
        self.progress(doing)
        first, job = self._once(parameters, traced=False)
        if not self.verify:
            return first
        if not self._complete(first):
            return _unproved(first, "its record does not say that it ran to its end")
        if (how := self._way()) is not None:
            return replace(first, verification=how)
        self.progress("verifying it")
        replayed = self._replayed(first, job)
        if replayed.status != "equal":
            self.progress("running it once more, to see every operation")
            second, job = self._once(parameters, traced=True)
            if not self._complete(second):
                return _unproved(first, "with every operation traced, the run did not end as it had before")
            replayed = self._replayed(second, job)
            first = second if replayed.status != "unknown" else first
        if replayed.status != "equal":
            return replace(first, verification=told(replayed))
        judged = replace(first, records=replayed.records, verification=told(replayed))
        # Only the weights of the run as the exercise has it are measured, so only they have to transfer.
        own = replayed.by_hand or bool(job.fields["traced"])
        if own and not parameters and not self._transfers(first, job):
            return _unproved(judged, "on other data the same operations do not train")
        return judged

    def _transfers(self, ran: Ran, job: Job) -> bool:
        seconds = ran.outcome.seconds
        return transfers(self.lines, self.exercise, self.challenge, job.fields, ran.records, seconds)

    def _way(self) -> Verification | None:
        """How a run is verified that is not to be replayed; None where it is."""
        exercise = self.exercise
        way = exercise.verify or ("replay" if exercise.graded else "answers" if exercise.judge else "none")
        if way == "replay":
            return None
        if way == "answers":
            return Verification(status="verified", method="answers")
        reason = "the exercise says nothing of how a run could be verified"
        return Verification(status="observed", method="none", reason=reason)

    def _once(self, parameters: Mapping[str, float | int | str], *, traced: bool) -> tuple[Ran, Job]:
        job = job_of(
            self.submission,
            self.exercise,
            self.challenge,
            self.prepared,
            parameters,
            traced=traced,
            program=self.verify,
        )
        outcome = run(job, self.exercise, self.lines, self.limits)
        refused, records = gated(outcome)
        return Ran(outcome, records, refused), job

    def _replayed(self, ran: Ran, job: Job) -> Replayed:
        return replay(
            self.lines,
            self.exercise,
            job.fields,
            self.prepared,
            ran.records,
            ran.outcome.weights,
            ran.outcome.seconds,
            self.challenge.torch_seed("looks"),
        )

    @staticmethod
    def _complete(ran: Ran) -> bool:
        """Whether the file ran to its end, and left a record of it."""
        ends = [record for record in ran.records if isinstance(record, trace.End)]
        stopped = any(isinstance(record, trace.Stop) for record in ran.records)
        return not ran.refused and not stopped and bool(ends) and ends[-1].finished


def _unproved(ran: Ran, reason: str) -> Ran:
    """A run that can fail, but not pass on its own word."""
    return replace(ran, verification=Verification(status="observed", method="replay", reason=reason))


def job_of(
    submission: Submission,
    exercise: Exercise,
    challenge: Challenge,
    prepared: Prepared,
    parameters: Mapping[str, float | int | str] = MappingProxyType({}),
    *,
    traced: bool = False,
    program: bool = True,
) -> Job:
    """What a sandbox is given; `parameters` change some of the challenge's.

    `program`: each step's operations are told, so that they can be executed again; `traced`: all of torch's.
    """
    return Job(
        files={
            "loop.py": submission.source,
            "exercise/model.py": (exercise.folder / "model.py").read_bytes(),
            **{f"exercise/data/{name}": content for name, content in prepared.training.items()},
        },
        fields={
            "entry": exercise.entry,
            "name": exercise.function or "",
            "defines": exercise.defines,
            "filename": "loop.py",
            "seeds": {purpose: challenge.torch_seed(purpose) for purpose in ("init", "order", "dropout")},
            "parameters": {**prepared.parameters, **parameters},
            "shapes": exercise.shapes,
            "spies": True,
            "traced": traced,
            "program": program,
        },
    )


def run(job: Job, exercise: Exercise, lines: Lines, limits: Limits) -> Outcome:
    """Run the student's file in a sandbox, under spies."""
    killed = True
    try:
        outcome = run_job(lines.sandbox(exercise, limits), job, limits)
        killed = outcome.timed_out or bool(outcome.broken)
    finally:
        lines.job_done(killed=killed)
    return outcome


def judge(
    submission: Submission,
    exercise: Exercise,
    lines: Lines,
    limits: Limits,
    ran: Ran,
    prepared: Prepared,
) -> tuple[Evidence, dict[str, CheckResult]]:
    """From what a run left to evidence and the checks' results."""
    source = source_lines(submission)
    outcome, refused, records = ran.outcome, ran.refused, ran.records
    if ours := our_failure(outcome, refused, records):
        raise SandboxBroken(ours)
    seen = ending(outcome, limits)
    stop, text, where = stops.ending_of(seen, records) if not refused or seen.by_host else ("", "", ())
    if stop:
        evidence = Evidence(records=records, source=source, stop=stop, stop_text=text)
        finding = stops.stop_finding(stop, text, where, evidence)
        return evidence, {stop: CheckResult(slug=stop, status="found", finding=finding)}
    if refused:
        reason = f"the record of the run was refused: {refused}"
        results = {
            key: CheckResult(slug=slug, status="unknown", reason=reason)
            for requirement in exercise.requirement
            for slug, key in zip(requirement.findings, requirement.keys, strict=True)
        }
        return Evidence(records=(), source=source), results
    judgement = judged(lines, exercise, records, prepared)
    measurement = measure(lines, exercise, records, outcome.weights, prepared, judgement)
    evidence = Evidence(
        records=records,
        source=source,
        measurement=measurement,
        parameters=prepared.parameters,
        judged=judgement.items if judgement else None,
        judged_basis=basis_of(lines),
        verification=ran.verification,
        untrained=untrained(lines, exercise, records, prepared),
    )
    return evidence, run_checks(evidence, exercise)


def judge_again(
    submission: Submission,
    exercise: Exercise,
    limits: Limits,
    ran: Ran,
    prepared: Prepared,
    again: Run,
    evidence: Evidence,
    results: dict[str, CheckResult],
) -> tuple[Evidence, dict[str, CheckResult]]:
    """The evidence and results of the first run, with what another run of the same file showed."""
    source = source_lines(submission)
    outcome, refused, records = ran.outcome, ran.refused, ran.records
    if ours := our_failure(outcome, refused, records):
        raise SandboxBroken(ours)
    seen = ending(outcome, limits)
    stop, text, where = stops.ending_of(seen, records) if not refused or seen.by_host else ("", "", ())
    if stop:
        ended = Evidence(records=records, source=source, stop=stop, stop_text=text)
        finding = stops.stop_finding(stop, text, where, ended)
        return ended, {stop: CheckResult(slug=stop, status="found", finding=finding)}
    if refused:
        reason = f"the record of the run was refused: {refused}"
        return evidence, {
            key: merged(result, CheckResult(slug=result.slug, status="unknown", reason=reason))
            for key, result in results.items()
        }
    parameters = {**prepared.parameters, **again.parameters}
    more = Evidence(
        records=records, source=source, parameters=parameters, judged=(), verification=ran.verification
    )
    evidence = replace(evidence, verification=lesser(evidence.verification, ran.verification))
    found = run_checks(more, exercise)
    skipped = {"accuracy-below-threshold", "prepared-weights"}  # only the first run's weights are measured
    return evidence, {
        key: merged(result, found[key])
        if (not again.findings or result.slug in again.findings) and result.slug not in skipped
        else result
        for key, result in results.items()
    }


def diagnosed(evidence: Evidence, scored: scoring.Scored, runs: Runs, ran: Ran) -> Evidence:
    """The evidence with the known bug that comes to the first run's numbers, where something is wrong with it.

    It explains; points, findings and verdict stand already.
    """
    errors = [finding.slug for finding in scored.findings if finding.severity == "error"]
    doubtful = evidence.verification is not None and evidence.verification.status != "verified"
    if evidence.stop or not (errors or doubtful):
        return evidence
    runs.progress("comparing it with known mistakes")
    job = job_of(runs.submission, runs.exercise, runs.challenge, runs.prepared)
    named = counterfactual(runs.lines, runs.exercise, job.fields, runs.prepared, ran.records, errors)
    isolated = runs.lines.launcher.isolated
    return replace(
        evidence, verification=with_counterfactual(evidence.verification, named, isolated=isolated)
    )


def ending(outcome: Outcome, limits: Limits) -> stops.Ending:
    """What the host saw of a run's end, as the checks take it."""
    return stops.Ending(
        exit_code=outcome.exit_code,
        signal=outcome.signal,
        out_of_memory=outcome.out_of_memory,
        output_exceeded=outcome.output_exceeded,
        timed_out=outcome.timed_out,
        output_bytes=outcome.output_bytes,
        deadline=limits.deadline,
        memory_mb=limits.memory >> 20,
    )


def our_failure(outcome: Outcome, refused: str, records: tuple[trace.Record, ...]) -> str:
    """How the sandbox itself failed, before the student's code began or after it ended; "" when it did not."""
    kinds = {record.kind for record in records}
    if not outcome.trace or not (refused or "Started" in kinds):
        return f"The sandbox failed before it began to run the file. {said(outcome)}".strip()
    stopped = outcome.timed_out or outcome.out_of_memory or outcome.output_exceeded
    if "Over" in kinds and "End" not in kinds and not stopped:
        return f"The sandbox failed after the file had run. {said(outcome)}".strip()
    return ""


def said(outcome: Outcome) -> str:
    """The last line of what a sandbox that failed by itself wrote."""
    lines = clean(outcome.output[-2000:].decode(errors="replace")).strip().splitlines()
    return lines[-1] if lines else ""


def gated(outcome: Outcome) -> tuple[str, tuple[trace.Record, ...]]:
    """The trace's records, or why they were refused."""
    if outcome.broken:
        return outcome.broken, ()
    try:
        return "", gate.check_trace(outcome.trace)
    except GateError as error:
        return str(error), ()


def unreadable(submission: Submission, exercise: Exercise, problem: str) -> Report:
    """The report on a file that could not be read as source: nothing was run."""
    evidence = Evidence(records=(), source=(), stop="unreadable-file", stop_text=problem)
    finding = stops.stop_finding("unreadable-file", problem, (), evidence)
    results = {finding.slug: CheckResult(slug=finding.slug, status="found", finding=finding)}
    return build_report(
        submission, exercise, evidence, scoring.score(exercise, results, finding.slug), None, None, 0.0
    )
