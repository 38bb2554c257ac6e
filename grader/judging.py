"""From what a run left to evidence, and to what the checks say of it."""

from __future__ import annotations

from dataclasses import replace

from grader.checks import stops
from grader.checks.registry import merged, run_checks
from grader.errors import SandboxBroken
from grader.examine import Prepared, basis_of, judged, measure, untrained
from grader.exercise import Exercise, Run
from grader.launch.base import Limits, Outcome
from grader.launch.lines import Lines
from grader.models import CheckResult, Evidence, Submission
from grader.render.clean import clean
from grader.report import source_lines
from grader.runs import Ran
from grader.verify import lesser
from sandbox import trace


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
    measurement = measure(lines, exercise, records, outcome.weights, prepared, judgement, ran.logits)
    evidence = Evidence(
        records=records,
        source=source,
        measurement=measurement,
        parameters=prepared.parameters,
        judged=judgement.items if judgement else None,
        judged_basis=basis_of(lines),
        verification=ran.verification,
        untrained=untrained(lines, exercise, records, prepared, ran.logits),
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
