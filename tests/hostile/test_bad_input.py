"""Whatever a sandbox or an examiner hands over: never a pass, never a zero that nobody asked for, always a reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from grader import verify
from grader.launch.lines import Lines
from grader.models import Report
from grader.pipeline import grade_submission
from sandbox import trace
from tests.grader import fakes
from tests.grader.test_pipeline import (
    GOOD,
    LINREG,
    PREPARED,
    RIGHT,
    SECRET,
    WEIGHTS,
    elsewhere,
    grade,
    submission,
)

Records = Sequence[trace.Record]
LINES = tuple(trace.encode(record) for record in RIGHT)
RAW = b"".join(LINES)
EQUAL = fakes.replayed(*RIGHT)
DIFFERENT = fakes.replayed(status="different", reason="the parameters differ after 3 steps")


def assert_for_a_person(report: Report) -> None:
    """Neither a pass nor a zero, and a reason a person can read."""
    assert report.passed is None
    assert report.outcome == "needs_person"
    assert report.score.points is None
    reasons = [row.reason for row in report.requirements if row.reason]
    assert (report.verification is not None and report.verification.reason) or reasons


def handed(raw: bytes, weights: bytes = WEIGHTS, answers: Sequence[bytes] = (DIFFERENT, DIFFERENT)) -> Report:
    """The report where each run of the file hands this over, and replays end like this."""
    sandboxes = [fakes.zygote(raw=raw, weights=weights) for _ in range(2)]
    report: Report = grade(*sandboxes, answers=(PREPARED, *answers, GOOD), isolated=True)
    return report


# ── records ──────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(len(LINES[0] + LINES[1]), len(RAW) - 2))
@settings(max_examples=150, deadline=None)
def test_a_record_that_was_cut_never_passes(cut: int) -> None:
    """Before its end it is that of a run that ended itself, as a crash does; after it a replay decides."""
    ended = any(b'"End"' in line for line in RAW[:cut].split(b"\n")[:-1])
    report = handed(RAW[:cut], answers=(DIFFERENT, DIFFERENT) if ended else ())
    if ended:
        assert_for_a_person(report)
        return
    assert (report.outcome, report.passed) == ("student_error", False)
    assert [item.slug for item in report.findings] == ["crashed"]


@given(st.integers(len(LINES[0] + LINES[1]), len(RAW) - 2), st.integers(1, 200))
@settings(max_examples=100, deadline=None)
def test_a_record_with_a_hole_never_passes(start: int, length: int) -> None:
    """Bytes that are missing in the middle make it unreadable, or leave out whole records: a replay decides."""
    report = handed(RAW[:start] + RAW[start + length :])
    if report.outcome == "student_error":  # the end itself is gone
        assert [item.slug for item in report.findings] == ["crashed"]
    else:
        assert_for_a_person(report)


@given(st.permutations(range(1, len(LINES))))
@settings(max_examples=50, deadline=None)
def test_records_in_another_order_are_for_a_person(order: list[int]) -> None:
    if order == sorted(order):
        return
    report = handed(b"".join([LINES[0], *(LINES[at] for at in order)]))
    assert_for_a_person(report)


def test_a_record_without_end_is_ended_and_kept() -> None:
    """The trace's own bound, and then the deadline: neither is a pass."""
    endless = b"".join([*LINES[:2], *LINES[2:3] * 3])
    hanging = fakes.Scripted(*fakes.zygote(raw=endless)._pieces[:-1], hangs=True)
    report = grade(hanging, answers=(PREPARED,), isolated=True, deadline=0.1)
    assert hanging.killed
    assert (report.outcome, report.passed) == ("limit_exceeded", False)
    assert [item.slug for item in report.findings] == ["timed-out"]


def test_a_record_longer_than_any_is_for_a_person() -> None:
    assert_for_a_person(handed(RAW + b"x" * (trace.MAX_LINE + 1) + b"\n", answers=()))


def changed(kind: type[trace.Record], **fields: Any) -> bytes:
    """The right run's records, with those of a kind changed."""
    return b"".join(
        trace.encode(dataclasses.replace(record, **fields) if isinstance(record, kind) else record)
        for record in RIGHT
    )


CONTRADICTORY: dict[str, bytes] = {
    "two ends": RAW + LINES[-1] + changed(trace.End)[-len(LINES[-1]) :],
    "two beginnings": LINES[0] + RAW,
    "an end of other steps": changed(trace.End, steps=10**9, counts={"S": 1}),
    "an end of fewer steps than none": changed(trace.End, steps=-5),
    "a run that is over twice": RAW.replace(LINES[1], LINES[1] * 2),
    "rows without a layout": b"".join(line for line in LINES if b'"Layout"' not in line),
    "passes that came before their loader": b"".join(
        [LINES[0], *[line for line in LINES if b'"Pass"' in line], *LINES[1:]]
    ),
    "an order of patterns that are not there": b"".join(line for line in LINES if b'"Pattern"' not in line),
}


@pytest.mark.parametrize("name", CONTRADICTORY)
def test_records_that_contradict_themselves_are_for_a_person(name: str) -> None:
    assert_for_a_person(handed(CONTRADICTORY[name]))


# ── weights ──────────────────────────────────────────────────────────────────────────────────────


def saved(*values: Any) -> bytes:
    return save({str(place): np.array(value, dtype=np.float32) for place, value in enumerate(values)})


WRONG_WEIGHTS: dict[str, bytes] = {
    "none": b"",
    "half of them": WEIGHTS[: len(WEIGHTS) // 2],
    "one byte less": WEIGHTS[:-1],
    "one byte more": WEIGHTS + b"\0",
    "one tensor only": saved([[2.0]]),
    "the tensors in another order": saved([0.5], [[2.0]]),
    "a tensor of another shape": saved([[2.0, 2.0]], [0.5]),
    "not a number": saved([[float("nan")]], [0.5]),
    "infinite": saved([[2.0]], [float("-inf")]),
    "a pickle": b"\x80\x04N.",
}


@pytest.mark.parametrize("name", WRONG_WEIGHTS)
def test_weights_that_were_not_come_to_again_are_for_a_person(name: str) -> None:
    assert_for_a_person(handed(RAW, WRONG_WEIGHTS[name]))


@pytest.mark.parametrize("name", WRONG_WEIGHTS)
def test_weights_that_cannot_be_measured_never_pass_even_if_they_are_equal(name: str) -> None:
    """A run may really end with weights that are no numbers: that is a finding, and costs what it costs."""
    sandbox = fakes.zygote(*RIGHT, weights=WRONG_WEIGHTS[name])
    report = grade(sandbox, answers=(PREPARED, EQUAL, GOOD), isolated=True)
    row = {item.id: item for item in report.requirements}["accuracy"]
    assert report.passed is not True
    assert report.score.points != 0
    assert row.status != "passed"
    assert row.reason or [item for item in report.findings if item.slug == "accuracy-below-threshold"]


# ── an examiner ──────────────────────────────────────────────────────────────────────────────────


def graded_by(*examiners: fakes.Scripted, runs: int = 2) -> Report:
    """The report where examiners are started one after another, each when the one before it was ended."""
    launcher = fakes.FakeLauncher(
        sandbox=[fakes.zygote(*RIGHT, weights=WEIGHTS) for _ in range(runs)],
        examiner=list(examiners),
        isolated=True,
    )
    with Lines(launcher) as lines:
        return grade_submission(submission(), LINREG, lines, SECRET)


Ending = Callable[..., fakes.Scripted]
ENDINGS: dict[str, Ending] = {
    "dies": lambda *answers: fakes.examiner(*answers),
    "dies in the middle of an answer": lambda *answers: fakes.examiner(*answers, EQUAL[: len(EQUAL) // 2]),
    "says nothing any more": lambda *answers: fakes.examiner(*answers, hangs=True),
    "answers with nonsense": lambda *answers: fakes.examiner(*answers, b"?" * 64),
    "answers something else": lambda *answers: fakes.examiner(*answers, GOOD),
    "answers with a word for a number": lambda *answers: fakes.examiner(
        *answers, fakes.answer({"status": "done", "reason": "", "steps": "many", "metrics": 3})
    ),
    "answers with a mistake of its own": lambda *answers: fakes.examiner(
        *answers, fakes.answer({"error": "MemoryError: "})
    ),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_an_examiner_that_fails_in_a_replay_is_for_a_person(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is ended, another measures; the second try, with every operation traced, fares no better."""
    monkeypatch.setattr(verify, "LEAST_SECONDS", 0.1)
    first, second = ENDINGS[name](PREPARED), ENDINGS[name]()
    report = graded_by(first, second, fakes.examiner(GOOD))
    assert_for_a_person(report)
    assert report.verification is not None
    assert report.verification.reason == "the process that did it again failed in it"
    assert first.closed
    assert second.closed


@pytest.mark.parametrize("name", ENDINGS)
def test_an_examiner_that_fails_on_other_data_is_for_a_person(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "LEAST_SECONDS", 0.1)
    unknown = fakes.replayed(status="unknown", reason="an input of the model")
    failing = ENDINGS[name](PREPARED, unknown, EQUAL)
    report = graded_by(failing, fakes.examiner(GOOD))
    assert_for_a_person(report)
    assert report.verification is not None
    assert report.verification.reason == "on other data the same operations do not train"
    assert failing.closed


def test_an_examiner_that_is_well_again_verifies_the_second_run() -> None:
    """The other way round: dying once of a first run is no verdict on the second."""
    well = fakes.examiner(EQUAL, elsewhere(0.002), GOOD)
    report = graded_by(fakes.examiner(PREPARED), well)
    assert report.passed is True
    assert report.verification is not None
    assert report.verification.status == "verified"
