"""Who is asked about hidden inputs: the examiner where it came to the same weights, else a second run."""

import numpy as np
import pytest

from grader import pipeline
from grader.exercise import use_folder
from grader.launch.lines import Lines
from grader.models import Submission
from sandbox import trace
from tests.architectures.conftest import FOLDER
from tests.grader.fakes import HEADER, STARTED, FakeLauncher, answer, examiner, zygote
from tests.grader.own import LOGITS, OWN, RECORDS, ROWS, STATE, weights

END = trace.End(
    finished=True, steps=9, counts={"S": 9}, trained_rows=450, moved=True, seconds=1.0, dropped=0, failures=0
)
RIGHT = (HEADER, STARTED, *RECORDS, trace.Over(seconds=1.0), END)
WEIGHTS = weights(*STATE)
ASKED = weights(*STATE, LOGITS, -LOGITS)
PREPARED = answer({"parameters": {"samples": 2000}}, training__images=b"TRAIN", hidden__images=b"HIDDEN")
INPUTS = answer({}, inputs=bytes(4 * 784 * ROWS))
GOOD = answer({"metrics": {"accuracy": 0.95, "renamed_accuracy": 0.95}, "samples": 1500})
CHANCE = answer({"metrics": {"accuracy": 0.1, "renamed_accuracy": 0.2}, "samples": 1500})
ELSEWHERE = answer({"status": "done", "metrics": {"accuracy": 0.9}, "cut": {"accuracy": 0.1}, "first": {}})
EQUAL = {"status": "equal", "reason": "", "steps": 9}
OWN_TRACE = b"".join(trace.encode(record) for record in RIGHT)


@pytest.fixture(autouse=True)
def course():
    use_folder(FOLDER / "exercises")
    yield
    use_folder(None)


def rebuilt(trained=b"", first=b"", reason=""):
    """An examiner's answer to a replay that came to the same, and to hidden inputs."""
    given = {"logits": trained, "first-logits": first}
    return answer({**EQUAL, "unanswered": reason}, trace_jsonl=OWN_TRACE, **given)


def grade(*sandboxes, answers, isolated=False):
    """The report on a file, over sandboxes and an examiner that play these parts; all of them are used up."""
    asked = examiner(*answers)
    launcher = FakeLauncher(sandbox=sandboxes, examiner=[asked], isolated=isolated)
    submission = Submission(filename="loop.py", source=b"pass\n", exercise=OWN.slug)
    with Lines(launcher) as lines:
        report = pipeline.grade_submission(submission, OWN, lines, bytes(32))
    assert launcher.waiting["sandbox"] == []
    return report, asked


def first():
    return zygote(*RIGHT, weights=WEIGHTS)


def test_in_local_mode_a_second_run_is_asked_and_gets_no_labels():
    second = zygote(*RIGHT, weights=ASKED)
    report, asked = grade(first(), second, answers=(PREPARED, INPUTS, GOOD, CHANCE))
    found = report.measurement
    assert (found.value, found.basis, found.samples) == (0.95, "observed", 1500)
    assert "in a second run of the file" in found.reason
    assert second.files["exercise/inputs"] == bytes(4 * 784 * ROWS)
    assert not any("hidden" in name or content == b"HIDDEN" for name, content in second.files.items())
    assert [request["own"] for request in second.requests if "own" in request] == [OWN.own]
    assert [request["op"] for request in asked.requests] == ["prepare", "inputs", "measure", "measure"]
    assert asked.files["logits"] == LOGITS.tobytes() + (-LOGITS).tobytes()  # one request after the other
    assert "prepared-weights" not in [item.slug for item in report.findings]


def test_first_weights_that_answer_well_were_prepared():
    report, _ = grade(first(), zygote(*RIGHT, weights=ASKED), answers=(PREPARED, INPUTS, GOOD, GOOD))
    assert "prepared-weights" in [item.slug for item in report.findings]


OTHER = weights(STATE[0] + 1, STATE[1], LOGITS, LOGITS)
STOP = trace.Stop(slug="crashed", type="ValueError", message="", frames=[1])


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (zygote(*RIGHT, weights=OTHER), "the file came to other weights"),
        (zygote(*RIGHT, weights=WEIGHTS), "was refused: The weights file does not hold exactly"),
        (zygote(*RIGHT), "was refused"),
        (zygote(*RIGHT, STOP, weights=ASKED), "the file did not get through"),
        (zygote(raw=b"nonsense", weights=ASKED), "the record of the second run was refused"),
        (zygote(HEADER, STARTED, RECORDS[0], END, weights=ASKED), "was not called when the run was over"),
    ],
    ids=["other weights", "no logits", "nothing", "a stop", "no record", "not called"],
)
def test_a_second_run_that_gives_no_answer_says_why(second, words):
    report, _ = grade(first(), second, answers=(PREPARED, INPUTS))
    assert report.measurement.value is None
    assert words in report.measurement.reason
    (row,) = (row for row in report.requirements if row.id == "accuracy")
    assert (row.status, words in row.reason) == ("could-not-check", True)
    assert report.passed is not True


def test_scores_that_are_no_numbers_predict_nothing():
    broken = np.full_like(LOGITS, np.inf)
    second = zygote(*RIGHT, weights=weights(*STATE, broken, LOGITS))
    report, _ = grade(first(), second, answers=(PREPARED, INPUTS, CHANCE))
    assert report.measurement.value != report.measurement.value
    assert "scores for hidden inputs are not finite" in report.measurement.reason


# ── where runs are executed again ────────────────────────────────────────────────────────────────


def test_an_examiner_that_answers_itself_makes_a_second_run_needless():
    answers = (PREPARED, INPUTS, rebuilt(LOGITS.tobytes(), LOGITS.tobytes()), GOOD, ELSEWHERE, GOOD, CHANCE)
    report, asked = grade(first(), answers=answers, isolated=True)
    assert (report.measurement.value, report.measurement.basis) == (0.95, "verified")
    assert "was built again" in report.measurement.reason
    assert report.verification.status == "verified"
    told = [request["op"] for request in asked.requests]
    assert told == ["prepare", "inputs", "replay", "measure", "transfer", "measure", "measure"]


def test_whether_a_bad_model_trains_elsewhere_is_not_asked():
    answers = (PREPARED, INPUTS, rebuilt(LOGITS.tobytes(), LOGITS.tobytes()), CHANCE, CHANCE, CHANCE)
    report, _ = grade(first(), answers=answers, isolated=True)
    assert report.verification.status == "verified"
    assert "accuracy-below-threshold" in [item.slug for item in report.findings]


@pytest.mark.parametrize(
    ("answered", "words"),
    [
        (rebuilt(reason="a forward that decides by its numbers"), "decides by its numbers"),
        (rebuilt(LOGITS.tobytes()[:-4], LOGITS.tobytes()), "another number of scores"),
        (rebuilt(LOGITS.tobytes()), "another number of scores"),
    ],
    ids=["no answer", "too few", "no first ones"],
)
def test_where_the_examiner_cannot_answer_the_file_does_and_its_run_is_observed(answered, words):
    second = zygote(*RIGHT, weights=ASKED)
    answers = (PREPARED, INPUTS, answered, INPUTS, GOOD, CHANCE)
    report, _ = grade(first(), second, answers=answers, isolated=True)
    assert (report.measurement.value, report.measurement.basis) == (0.95, "observed")
    assert report.verification.status == "observed"
    assert words in report.verification.reason
    assert report.passed is not True
