"""Building the report: what is shown of a run, and the one sentence at the top."""

import json

import pytest

from grader.exercise import load_exercise
from grader.launch.base import Outcome
from grader.models import (
    SCHEMA_VERSION,
    Finding,
    Measurement,
    Override,
    Report,
    Score,
    Submission,
    exit_code,
    overridden,
)
from grader.report import build_report, failed_report, source_lines, summary
from grader.scoring import Scored
from sandbox import trace
from tests.grader.checks.tape import Tape, a_pass, counted, evidence, loader, order, pattern
from tests.grader.fakes import HEADER, FakeLauncher

LINREG = load_exercise("linreg-torch")
SUBMISSION = Submission(filename="loop.py", source=b"x = 1\n", exercise="linreg-torch", student="ada")
RIGHT = (HEADER, *counted(Tape().right_steps(3)), pattern(), order([0, 3]), loader(), a_pass())


def scored(*findings, passed=True, outcome="graded", points=9.0):
    return Scored(outcome, passed, Score(points=points, max=10.0), (), findings)


def finding(title, severity="error"):
    return Finding(slug="x", severity=severity, title=title, evidence="", why="", fix="")


def report(*records, outcome=None, launcher=None, verdict=None, measurement=None):
    return build_report(
        SUBMISSION,
        LINREG,
        evidence(*records, measurement=measurement),
        verdict or scored(),
        Outcome() if outcome is None else outcome,
        launcher or FakeLauncher(),
        1.23456,
    )


def test_a_report_names_the_file_its_hash_and_the_exercise():
    made = report(*RIGHT)
    assert (made.filename, made.student, made.sha256) == ("loop.py", "ada", SUBMISSION.sha256)
    assert (made.exercise, made.exercise_title) == ("linreg-torch", LINREG.title)
    assert (made.seconds, made.schema_version) == (1.235, SCHEMA_VERSION)
    assert made.report_id != report(*RIGHT).report_id


def test_the_beat_its_lines_and_counts_are_shown():
    beats = report(*RIGHT).beats
    assert (beats.pattern, beats.lines, beats.steps, beats.epochs) == ("ZFLBS", (2, 3, 4, 5, 7), 3, 1.0)


def test_a_loop_without_an_optimizer_counts_its_backwards_as_steps():
    tape = Tape(optimizers=())
    for _ in range(4):
        tape.batch()
    beats = report(*counted(tape), pattern("DFLB"), order([0, 4])).beats
    assert (beats.pattern, beats.steps) == ("FLB", 4)


def test_a_run_without_beats_shows_none():
    made = report(HEADER)
    assert (made.beats, made.losses) == (None, ())


def series(count, first, thinned=()):
    return trace.Losses(
        count=count,
        first=first,
        last=first,
        thinned=[list(pair) for pair in thinned],
        non_finite_at=-1,
        non_finite_line=0,
        non_finite_value=None,
        line=5,
    )


def test_a_short_run_shows_every_loss_and_a_long_one_a_thinned_series():
    short = report(series(3, [3.0, 2.0, 1.0]))
    assert (short.losses, short.loss_steps) == ((3.0, 2.0, 1.0), (1, 2, 3))
    assert report(series(900, [3.0, 2.0], [(0, 3.0), (450, 1.0), (7,), (899, 0.5)])).losses == (3.0, 1.0, 0.5)


@pytest.mark.parametrize(
    ("output", "total", "text", "cut"),
    [
        (b"", 0, "", False),
        (b"epoch 1\n", 8, "epoch 1\n", False),
        (b"epoch 1\n", 9, "epoch 1\n", True),
        (b"\xff\xfe!", 3, "\ufffd\ufffd!", False),
    ],
)
def test_what_was_printed_is_kept_and_a_cut_is_told(output, total, text, cut):
    made = report(outcome=Outcome(output=output, output_bytes=total))
    assert (made.output, made.output_truncated) == (text, cut)


def test_where_it_ran_is_told():
    made = report(HEADER, outcome=Outcome(seconds=1.5), launcher=FakeLauncher(isolated=True))
    assert (made.sandbox.launcher, made.sandbox.isolated) == ("local", True)
    assert (made.sandbox.torch, made.sandbox.seconds) == ("2.13.0", 1.5)
    assert report().sandbox.torch == ""


def test_where_nothing_ran_nothing_is_told():
    made = build_report(SUBMISSION, LINREG, evidence(), scored(), None, None, 0.0)
    assert (made.sandbox, made.output, made.output_truncated) == (None, "", False)


def test_nan_is_null_in_the_json_and_the_report_can_be_read_again():
    bad = Measurement(
        metric="mse", value=float("nan"), threshold=0.03, better="lower", samples=0, basis="observed"
    )
    text = report(series(2, [1.0, float("nan")]), measurement=bad).model_dump_json()
    again = Report.model_validate_json(text)
    assert again.measurement.value is None
    assert again.losses == (1.0, None)


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (scored(), "A right loop. 9 of 10 points."),
        (scored(finding("X", "note")), "It works; see the remarks. 9 of 10 points."),
        (scored(finding("X", "warning")), "It works; see the remarks. 9 of 10 points."),
        (scored(finding("X is wrong"), passed=False, points=0.5), "X is wrong. 0.5 of 10 points."),
        (scored(finding("X"), finding("Y"), passed=False), "X, and 1 more. 9 of 10 points."),
        (scored(finding("X"), finding("Y", "note"), passed=False), "X. 9 of 10 points."),
        (scored(passed=False), "Not passed. 9 of 10 points."),
        (
            scored(finding("X"), passed=None, outcome="needs_person", points=None),
            "Too much could not be checked; a person has to look at this one.",
        ),
    ],
)
def test_the_summary_is_one_sentence_with_the_verdict(verdict, sentence):
    assert summary(verdict) == sentence


@pytest.mark.parametrize(
    ("source", "lines"),
    [(b"a\nb", ("a", "b")), (b"\xef\xbb\xbfa\r\nb\n", ("a", "b")), (b"\xff\n", ("\ufffd",)), (b"", ())],
)
def test_the_source_is_quoted_by_its_lines(source, lines):
    assert source_lines(SUBMISSION.model_copy(update={"source": source})) == lines


@pytest.mark.parametrize(
    ("outcome", "passed", "code"),
    [
        ("graded", True, 0),
        ("graded", False, 1),
        ("student_error", False, 1),
        ("limit_exceeded", False, 1),
        ("needs_person", None, 4),
        ("grader_error", None, 3),
    ],
)
def test_the_exit_code_follows_from_outcome_and_verdict(outcome, passed, code):
    made = report(verdict=scored(passed=passed, outcome=outcome))
    assert exit_code(made) == code


def test_a_failure_of_ours_is_a_report_without_points_or_findings():
    failed = failed_report(SUBMISSION, LINREG, "The engine went away.")
    assert (failed.outcome, failed.passed, failed.score.points) == ("grader_error", None, None)
    assert failed.summary == "No result: The engine went away."
    assert (failed.findings, failed.requirements) == ((), ())


def test_steps_that_cannot_be_are_left_out_of_the_losses():
    bad = [(float("nan"), 9.0), (-1.0, 9.0), (1e300, 9.0), (float("inf"), 9.0)]
    made = report(series(900, [3.0], [*bad, (450.0, 1.0)]))
    assert (made.losses, made.loss_steps) == ((1.0,), (451,))


def test_a_persons_decision_lies_over_the_report_and_counts_of_all_points():
    decided = Override(points=8.0, passed=True, reason="Seen.", who="kim", when="2026-01-01T00:00:00+00:00")
    made = overridden(report(verdict=scored(passed=None, outcome="needs_person", points=None)), decided)
    assert (made.outcome, made.passed, made.score) == ("graded", True, Score(points=8.0, max=10.0))
    assert made.summary == "Settled by a person: 8 of 10 points."
    assert made.override == decided
    assert Report.model_validate_json(made.model_dump_json()) == made


def test_a_report_of_the_first_version_still_reads():
    old = report(*RIGHT).model_dump(mode="json") | {"schema_version": 1}
    for added in ("source", "loss_steps", "override"):
        del old[added]
    assert Report.model_validate_json(json.dumps(old)).loss_steps == ()
