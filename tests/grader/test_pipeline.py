"""The line from file to report over scripted roles: whose failure it is, and what reaches whom."""

import dataclasses

import numpy as np
import pytest
from safetensors.numpy import save

from grader import pipeline
from grader.challenge import Challenge
from grader.errors import ExaminerError, SandboxBroken
from grader.exercise import load_exercise
from grader.launch.lines import Lines
from grader.models import Submission, Verification
from sandbox import trace
from tests.grader.checks.tape import Tape, a_pass, counted, loader, order, pattern
from tests.grader.fakes import (
    HEADER,
    READY,
    STARTED,
    FakeLauncher,
    Scripted,
    answer,
    examiner,
    graded,
    replayed,
    run_end,
    zygote,
)

LINREG = load_exercise("linreg-torch")
SECRET = b"s" * 32
PARAMETERS = {"epochs": 3, "samples": 128, "lr": 0.05, "batch_size": 16}
PREPARED = answer({"parameters": PARAMETERS}, training__x_npy=b"TRAIN", hidden__x_npy=b"HIDDEN")
GOOD = answer({"metrics": {"mse": 0.001}, "samples": 2000})
WEIGHTS = save({"0": np.array([[2.0]], dtype=np.float32), "1": np.array([0.5], dtype=np.float32)})
PASSES = [a_pass(number) for number in range(3)]
CLOSING = (*counted(Tape(rate=0.05).right_steps(24)), pattern(), order([0, 24]), loader(), *PASSES, graded())
RIGHT = (HEADER, STARTED, *CLOSING)


def submission(source=b"def train(*_):\n    pass\n", filename="My Own Name.py"):
    return Submission(filename=filename, source=source, exercise="linreg-torch", student="ada")


def grade(*sandboxes, answers=(PREPARED, GOOD), isolated=False, **more):
    launcher = FakeLauncher(sandbox=list(sandboxes), examiner=[examiner(*answers)], isolated=isolated)
    try:
        with Lines(launcher) as lines:
            return pipeline.grade_submission(submission(), LINREG, lines, SECRET, **more)
    finally:
        assert launcher.closed == 1
        assert all(endpoint.closed for endpoint in launcher.started)


def test_a_right_run_over_the_whole_line_has_full_marks():
    report = grade(zygote(*RIGHT, weights=WEIGHTS, output=b"epoch 1\n"))
    assert (report.outcome, report.passed) == ("graded", True)
    assert report.score.points == report.score.max == 100
    assert (report.measurement.value, report.measurement.basis) == (0.001, "observed")
    assert report.findings == ()
    assert report.output == "epoch 1\n"


def uncleared():
    """The records of a run whose gradients were never cleared."""
    tape = Tape(rate=0.05)
    for _ in range(24):
        tape.batch()
        tape.step()
    return (HEADER, STARTED, *counted(tape), *PASSES, loader(), graded())


def test_of_a_wrong_run_a_report_is_told_before_known_mistakes_are_compared():
    said = []
    report = grade(zygote(*uncleared(), weights=WEIGHTS), early=said.append, progress=said.append)
    *_, first, comparing = said
    assert comparing == "comparing it with known mistakes"
    own = {"report_id", "seconds", "verification"}
    assert first.model_dump(exclude=own) == report.model_dump(exclude=own)
    assert [item.slug for item in report.findings] == ["missing-zero-grad"]


def test_of_a_right_run_there_is_one_report_only():
    told = []
    grade(zygote(*RIGHT, weights=WEIGHTS), early=told.append)
    assert told == []


def test_an_isolated_run_that_came_to_the_same_again_is_verified():
    bad = answer({"metrics": {"mse": 0.5}, "samples": 2000})
    again = replayed(*RIGHT)
    report = grade(zygote(*RIGHT, weights=WEIGHTS), answers=(PREPARED, again, bad), isolated=True)
    assert [(item.slug, item.basis) for item in report.findings] == [("accuracy-below-threshold", "verified")]
    assert report.verification == Verification(status="verified", method="replay", steps=24, distance=0.0)


def test_what_is_judged_is_the_replay():
    claimed, true = zygote(*RIGHT, weights=WEIGHTS), replayed(*uncleared())
    report = grade(claimed, answers=(PREPARED, true, GOOD), isolated=True)
    assert [(item.slug, item.basis) for item in report.findings] == [("missing-zero-grad", "verified")]
    assert report.passed is False


@pytest.mark.parametrize(("isolated", "found"), [(True, ["missing-zero-grad"]), (False, [])])
def test_instruments_that_are_said_to_have_failed_hide_nothing_that_the_replay_saw(isolated, found):
    broken = [
        dataclasses.replace(record, failures=1) if isinstance(record, trace.End) else record
        for record in uncleared()
    ]
    answers = (PREPARED, replayed(*uncleared()), GOOD) if isolated else (PREPARED, GOOD)
    report = grade(zygote(*broken, weights=WEIGHTS), answers=answers, isolated=isolated)
    assert [item.slug for item in report.findings] == found
    assert report.passed is not True


def test_nothing_is_verified_where_the_file_could_reach_us():
    report = grade(zygote(*uncleared(), weights=WEIGHTS))
    assert [(item.slug, item.basis) for item in report.findings] == [("missing-zero-grad", "observed")]
    assert report.verification is None


@pytest.mark.parametrize("status", ["different", "contradiction", "too-long"])
def test_a_run_that_came_to_something_else_twice_is_for_a_person(status):
    other = replayed(*RIGHT, status=status, reason="the parameters differ after 3 steps")
    report = grade(
        zygote(*RIGHT, weights=WEIGHTS),
        zygote(*RIGHT, weights=WEIGHTS),
        answers=(PREPARED, other, other, GOOD),
        isolated=True,
    )
    assert (report.outcome, report.passed, report.score.points) == ("needs_person", None, None)
    assert report.verification.status == "unverified"
    assert report.verification.reason == "the parameters differ after 3 steps"


def elsewhere(mse, status="done", cut=5.0, first=5.0):
    """An examiner's answer to whether a program trains on other data, too, and by its loss."""
    numbers = {"metrics": mse, "cut": cut, "first": first}
    named = {name: {} if value is None else {"mse": value} for name, value in numbers.items()}
    return answer({"status": status, **named})


@pytest.mark.parametrize(
    ("transfer", "passed", "status"),
    [
        (elsewhere(0.002), True, "verified"),
        (elsewhere(7.0), None, "observed"),
        (elsewhere(None, "contradiction"), None, "observed"),
        (elsewhere(0.002, cut=0.002), None, "observed"),  # without a gradient from its loss, too
        (elsewhere(0.002, cut=0.02, first=0.02), True, "verified"),  # its first weights were good already
        (elsewhere(0.002, cut=None), True, "verified"),  # without one it comes to no numbers at all
    ],
)
def test_a_second_try_with_every_operation_traced_counts_if_it_trains_elsewhere_too(transfer, passed, status):
    first, second = zygote(*RIGHT, weights=WEIGHTS), zygote(*RIGHT, weights=WEIGHTS)
    report = grade(
        first,
        second,
        answers=(PREPARED, replayed(status="unknown", reason="an input"), replayed(*RIGHT), transfer, GOOD),
        isolated=True,
    )
    assert (report.passed, report.verification.status) == (passed, status)
    assert [sandbox.requests[-1]["traced"] for sandbox in (first, second)] == [False, True]


def test_what_cannot_be_done_again_passes_only_by_a_person_but_may_fail():
    unknown = replayed(status="unknown", reason="an operation of its own: cholesky")
    runs = [zygote(*RIGHT, weights=WEIGHTS) for _ in range(2)]
    report = grade(*runs, answers=(PREPARED, unknown, unknown, GOOD), isolated=True)
    assert (report.outcome, report.passed) == ("needs_person", None)
    assert report.verification.status == "observed"
    assert "cholesky" in report.verification.reason
    runs = [zygote(*uncleared(), weights=WEIGHTS) for _ in range(2)]
    report = grade(*runs, answers=(PREPARED, unknown, unknown, GOOD), isolated=True)
    assert (report.outcome, report.passed) == ("graded", False)


def test_a_run_that_does_not_say_that_it_ended_is_not_believed():
    unfinished = [
        dataclasses.replace(record, finished=False) if isinstance(record, trace.End) else record
        for record in RIGHT
    ]
    report = grade(zygote(*unfinished, weights=WEIGHTS), answers=(PREPARED, GOOD), isolated=True)
    assert (report.outcome, report.passed) == ("needs_person", None)
    assert report.verification.status == "observed"


def test_an_examiner_that_dies_of_a_program_proves_nothing():
    launcher = FakeLauncher(
        sandbox=[zygote(*RIGHT, weights=WEIGHTS) for _ in range(2)],
        examiner=[examiner(PREPARED), examiner(), examiner(GOOD)],
        isolated=True,
    )
    with Lines(launcher) as lines:
        report = pipeline.grade_submission(submission(), LINREG, lines, SECRET)
    assert (report.outcome, report.passed) == ("needs_person", None)
    assert "failed in it" in report.verification.reason
    assert report.measurement.value == 0.001


def test_a_replay_whose_own_record_is_refused_proves_nothing():
    broken = answer({"status": "equal", "reason": "", "steps": 24}, trace_jsonl=b"nonsense")
    runs = [zygote(*RIGHT, weights=WEIGHTS) for _ in range(2)]
    report = grade(*runs, answers=(PREPARED, broken, broken, GOOD), isolated=True)
    assert (report.passed, report.verification.status) == (None, "observed")


def test_the_sandbox_gets_neither_name_nor_student_nor_anything_hidden():
    sandbox = zygote(*RIGHT, weights=WEIGHTS)
    grade(sandbox)
    assert sandbox.files["loop.py"] == submission().source
    assert sorted(name.rpartition("/")[2] for name in sandbox.files) == ["loop.py", "model.py", "x.npy"]
    assert b"TRAIN" in sandbox.files.values()
    job = next(item for item in sandbox.requests if "filename" in item)
    assert (job["filename"], job["parameters"]) == ("loop.py", PARAMETERS)
    assert job["seeds"].keys() == {"init", "order", "dropout"}
    challenge = Challenge.derive(SECRET, LINREG.slug, LINREG.version, "ada", submission().sha256)
    for secret in (b"HIDDEN", b"My Own Name", b"ada", SECRET, submission().sha256.encode()):
        assert secret not in sandbox.sent
    for purpose in ("train", "hidden"):
        assert str(challenge.seed(purpose)).encode() not in sandbox.sent


def test_the_examiner_never_gets_the_students_source():
    asked = examiner(PREPARED, GOOD)
    launcher = FakeLauncher(sandbox=[zygote(*RIGHT, weights=WEIGHTS)], examiner=[asked])
    with Lines(launcher) as lines:
        pipeline.grade_submission(submission(), LINREG, lines, SECRET)
    assert [request["op"] for request in asked.requests] == ["prepare", "measure"]
    assert submission().source not in asked.sent


def test_progress_is_told_in_order():
    said = []
    grade(zygote(*RIGHT, weights=WEIGHTS), progress=said.append)
    assert said == ["running your loop", "measuring on hidden data"]


# ── our own failures ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "sandbox",
    [
        lambda: zygote(raw=b""),
        lambda: zygote(HEADER),
        lambda: zygote(HEADER, ending=run_end(1)),
        lambda: zygote(HEADER, ending=run_end(-9)),
        lambda: zygote(
            HEADER, trace.Stop(slug="crashed", type="ImportError", message="torch", frames=[]), ending=run_end(1)
        ),
        lambda: Scripted(),
        lambda: Scripted(said="ImportError: torch"),
        lambda: Scripted(b"Traceback (most recent call last):\n"),
        lambda: Scripted(READY),
        lambda: Scripted(READY, run_end()[:-1]),
    ],
)  # fmt: skip
def test_a_sandbox_that_fails_before_the_file_ran_is_our_failure(sandbox):
    with pytest.raises(SandboxBroken) as raised:
        grade(sandbox())
    assert raised.value.exit_code == 3
    assert "Traceback" not in str(raised.value)
    assert str(raised.value).startswith("The sandbox ")


def test_a_sandbox_that_failed_says_the_last_of_its_words_cleaned():
    sandbox = zygote(HEADER, output=b"first\nOSError: \x1b[31mno room\x1b[0m\n", ending=run_end(1))
    with pytest.raises(SandboxBroken, match=r"before it began to run the file\. OSError: no room$"):
        grade(sandbox)


OVER = trace.Over(seconds=0.2)


@pytest.mark.parametrize("ending", [run_end(0), run_end(1), run_end(-11)])
def test_a_sandbox_that_fails_after_the_file_ended_is_our_failure(ending):
    sandbox = zygote(HEADER, STARTED, OVER, output=b"KeyError: 'ours'\n", ending=ending)
    with pytest.raises(SandboxBroken, match=r"failed after the file had run\. KeyError: 'ours'$"):
        grade(sandbox)


def test_a_run_killed_by_the_host_after_the_file_ended_is_not_our_failure():
    sandbox = zygote(HEADER, STARTED, OVER, ending=run_end(-9, oom=True))
    assert grade(sandbox, answers=(PREPARED,)).findings[0].slug == "memory-exceeded"


@pytest.mark.parametrize("answers", [(), (answer({"error": "no data"}),), (PREPARED,)])
def test_an_examiner_that_fails_is_our_failure_and_everything_is_ended(answers):
    with pytest.raises(ExaminerError):
        grade(zygote(*RIGHT, weights=WEIGHTS), answers=answers)


# ── what the student's code did ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("records", "ending", "slug", "outcome"),
    [
        ((), run_end(7), "crashed", "student_error"),
        ((), run_end(-11), "crashed", "student_error"),
        ((), run_end(0), "crashed", "student_error"),  # os._exit(0) in the middle
        ((), run_end(-9, oom=True), "memory-exceeded", "limit_exceeded"),
        ((), run_end(-9, output_exceeded=True, output_bytes=17 << 20), "output-exceeded", "limit_exceeded"),
        (
            (trace.Stop(slug="import-error", type="ImportError", message="no x", frames=[1]),),
            run_end(1),
            "import-error",
            "student_error",
        ),
    ],
)
def test_a_run_that_the_students_code_ended_is_a_finding_without_points(records, ending, slug, outcome):
    report = grade(zygote(HEADER, STARTED, *records, ending=ending), answers=(PREPARED,))
    assert (report.outcome, report.passed, report.score.points) == (outcome, False, 0)
    assert [item.slug for item in report.findings] == [slug]
    assert report.measurement is None


def test_a_run_past_its_deadline_is_killed_and_keeps_its_evidence():
    seen = trace.Progress(steps=37, counts={"B": 37, "S": 37}, line=2)
    sandbox = Scripted(*zygote(HEADER, STARTED, seen)._pieces[:-1], hangs=True)
    report = grade(sandbox, answers=(PREPARED,), deadline=0.1)
    assert sandbox.killed
    assert (report.outcome, report.findings[0].slug) == ("limit_exceeded", "timed-out")
    assert report.findings[0].evidence == "It was stopped after 0.1 s. It had reached step 37."
    assert [place.code for place in report.findings[0].where] == ["    pass"]


def test_weights_that_are_refused_are_a_question_and_not_a_fault():
    report = grade(zygote(*RIGHT, weights=b"pickle"), answers=(PREPARED,))
    row = {item.id: item for item in report.requirements}["accuracy"]
    assert row.status == "could-not-check"
    assert row.reason.startswith("the weights were refused")
    assert report.passed is False  # what is required was not shown
    assert report.findings == ()


@pytest.mark.parametrize(
    "sandbox",
    [
        lambda: zygote(raw=trace.encode(HEADER) + trace.encode(STARTED) + b"nonsense\n"),
        lambda: zygote(*RIGHT, ending=run_end(protocol_error="unexpected channel b'g'")),
        lambda: zygote(HEADER, STARTED, ending=run_end(1, protocol_error="unexpected channel b'g'")),
    ],
)
def test_a_record_that_is_refused_needs_a_person(sandbox):
    report = grade(sandbox(), answers=(PREPARED,))
    assert (report.outcome, report.passed, report.score.points) == ("needs_person", None, None)
    assert report.findings == ()
    assert {item.status for item in report.requirements} == {"could-not-check"}
    assert {item.reason.partition(":")[0] for item in report.requirements} == {
        "the record of the run was refused",
        "waits for",
    }


def test_a_refused_record_of_a_run_that_the_host_ended_is_that_end():
    ending = run_end(
        -9, output_exceeded=True, output_bytes=17 << 20, protocol_error="unexpected channel b'g'"
    )
    report = grade(zygote(HEADER, STARTED, ending=ending), answers=(PREPARED,))
    assert [item.slug for item in report.findings] == ["output-exceeded"]
    assert report.outcome == "limit_exceeded"


# ── values that functions gave ───────────────────────────────────────────────────────────────────

LOSSES = load_exercise("losses")
DRAWN = answer({"parameters": {}}, training__cases=b"{}")
BOTH = (trace.Function(name="cross_entropy", line=1), trace.Function(name="mse", line=2))
GAVE = trace.Answer(function="mse", case="two vectors", value=0.5, mutated=[], notes={})
WRONG = {
    "slug": "wrong-value",
    "status": "found",
    "function": "mse",
    "evidence": "That is half of it.",
    "reason": "",
    "numbers": {"got": 0.5, "expected": 1.0},
}


def grade_values(*records, judged, isolated=False):
    source = b"def cross_entropy(logits, target): return 0.0\ndef mse(pred, target): return 0.0\n"
    asked = examiner(DRAWN, answer(judged))
    launcher = FakeLauncher(sandbox=[zygote(HEADER, STARTED, *records)], examiner=[asked], isolated=isolated)
    handed_in = Submission(filename="loop.py", source=source, exercise="losses", student="ada")
    with Lines(launcher) as lines:
        return pipeline.grade_submission(handed_in, LOSSES, lines, SECRET), asked


def said_by_judge(*items):
    return {"judged": list(items), "metrics": {}, "samples": 0}


def ended():
    return [record for record in counted(Tape().right_steps(0)) if isinstance(record, trace.End)]


def test_values_that_functions_gave_are_judged_by_the_examiner():
    report, asked = grade_values(*BOTH, GAVE, *ended(), judged=said_by_judge(WRONG))
    assert [request["op"] for request in asked.requests] == ["prepare", "judge", "counterfactual"]
    assert trace.decode(asked.files["answers.jsonl"].rstrip()) == GAVE
    (finding,) = report.findings
    assert (finding.slug, finding.evidence, finding.basis) == (
        "wrong-value",
        "That is half of it.",
        "observed",
    )
    assert [place.line for place in finding.where] == [2]
    failed = {row.id for row in report.requirements if row.status == "failed"}
    assert failed == {"mse", "mse-mean"}  # cross_entropy keeps its points: what was found is about mse
    assert report.passed is False


def test_what_the_examiner_says_of_nothing_is_right():
    report, _ = grade_values(*BOTH, GAVE, *ended(), judged=said_by_judge())
    assert (report.score.points, report.passed, report.findings) == (100, True, ())


def test_values_judged_in_isolation_are_verified():
    report, _ = grade_values(*BOTH, GAVE, *ended(), judged=said_by_judge(WRONG), isolated=True)
    assert [item.basis for item in report.findings] == ["verified"]


def test_what_the_examiner_cannot_tell_could_not_be_checked():
    unknown = {**WRONG, "status": "unknown", "evidence": "", "reason": "it was not recorded", "numbers": {}}
    report, _ = grade_values(*BOTH, *ended(), judged=said_by_judge(unknown))
    rows = {row.id: row for row in report.requirements}
    assert (rows["mse"].status, rows["mse"].reason) == ("could-not-check", "it was not recorded")
    assert rows["cross-entropy"].status == "passed"
    assert report.findings == ()


@pytest.mark.parametrize(
    "judged", [{}, {"judged": [{}]}, {"judged": 3}, {"judged": [], "metrics": [], "samples": 0}]
)
def test_an_examiner_that_gives_no_judgement_is_our_failure(judged):
    with pytest.raises(ExaminerError, match="holds no judgement"):
        grade_values(*BOTH, GAVE, *ended(), judged=judged)


def test_a_function_that_is_missing_stops_the_run_and_nothing_is_judged():
    stop = trace.Stop(slug="wrong-signature", type="", message="`mse` is missing", frames=[])
    report, asked = grade_values(BOTH[0], stop, *ended(), judged=said_by_judge())
    assert [item.slug for item in report.findings] == ["wrong-signature"]
    assert [request["op"] for request in asked.requests] == ["prepare"]
