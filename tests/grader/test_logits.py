"""What a second run hands over: the first run's weights, and scores of the size that was asked for, or a reason."""

import numpy as np
import pytest

from grader.errors import ExaminerError, GateError
from grader.launch.lines import Lines
from grader.logits import Logits, finite, hidden_inputs, measured, of_sandbox, rows_of
from tests.grader.fakes import FakeLauncher, answer, examiner, graded
from tests.grader.own import LOGITS, OWN, RECORDS, ROWS, STATE, presented, weights


def asked(*arrays, records=RECORDS, trained=STATE):
    return of_sandbox(OWN, records, weights(*arrays), ROWS, list(trained))


def test_scores_come_behind_the_weights_trained_and_first():
    found = asked(*STATE, LOGITS, -LOGITS)
    assert found == Logits(LOGITS.tobytes(), (-LOGITS).tobytes())
    assert (found.rebuilt, found.basis) == (False, "observed")
    assert "in a second run of the file" in found.told


def test_scores_of_64_bits_are_taken_as_32():
    assert asked(*STATE, LOGITS.astype(np.float64), LOGITS).trained == LOGITS.tobytes()


def test_other_weights_give_no_scores():
    changed = [STATE[0], np.nextafter(STATE[1], np.float32(2))]
    found = asked(*changed, LOGITS, LOGITS)
    assert (found.trained, found.reason) == (b"", "run a second time, the file came to other weights")


def test_weights_of_another_type_are_others():
    assert asked(STATE[0].astype(np.float64), STATE[1], LOGITS, LOGITS).trained == b""


def test_weights_that_are_no_numbers_may_be_the_same():
    state = [STATE[0], np.full(10, np.nan, dtype=np.float32)]
    assert asked(*state, LOGITS, LOGITS, trained=state).trained == LOGITS.tobytes()


@pytest.mark.parametrize(
    "arrays",
    [
        STATE,
        [*STATE, LOGITS],
        [*STATE, LOGITS[:2], LOGITS[:2]],
        [*STATE, LOGITS.T.copy(), LOGITS.T.copy()],
        [*STATE, LOGITS, LOGITS, LOGITS],
        [*STATE, LOGITS.astype(np.int32), LOGITS],
    ],
    ids=["none", "one", "too few rows", "turned", "too many", "whole numbers"],
)
def test_anything_else_than_what_was_asked_for_is_refused(arrays):
    with pytest.raises(GateError):
        asked(*arrays)


def test_more_numbers_than_the_exercise_allows_are_refused_before_they_are_read():
    with pytest.raises(GateError, match="300,001 numbers, and may have 300,000"):
        of_sandbox(OWN, (graded(shapes=[[300_001]]), presented()), b"", ROWS, [])


def test_why_a_model_was_not_called_is_passed_on():
    assert asked(*STATE, records=(RECORDS[0], presented(reason="it fails"))).reason == "it fails"
    assert "not called" in asked(*STATE, records=RECORDS[:1]).reason


@pytest.mark.parametrize(("value", "wanted"), [(1.0, True), (np.nan, False), (np.inf, False)])
def test_scores_may_be_no_numbers(value, wanted):
    assert finite(np.array([0, value], dtype=np.float32).tobytes()) is wanted


# ── the examiner ─────────────────────────────────────────────────────────────────────────────────


def test_inputs_go_out_without_labels():
    endpoint = examiner(answer({}, inputs=bytes(4 * 784 * ROWS)))
    with Lines(FakeLauncher(examiner=[endpoint])) as lines:
        unseen = hidden_inputs(lines, OWN, {"images": b"I", "labels": b"L"})
    assert rows_of(OWN, unseen) == ROWS
    assert endpoint.requests == [{"op": "inputs", "exercise": OWN.slug}]


def test_an_examiner_without_inputs_is_a_failure_of_ours():
    with (
        Lines(FakeLauncher(examiner=[examiner(answer({}))])) as lines,
        pytest.raises(ExaminerError, match="no inputs"),
    ):
        hidden_inputs(lines, OWN, {})


def test_scores_are_compared_with_labels_by_the_examiner():
    endpoint = examiner(answer({"metrics": {"accuracy": 0.75}, "samples": ROWS}))
    with Lines(FakeLauncher(examiner=[endpoint])) as lines:
        assert measured(lines, OWN, {"labels": b"L"}, LOGITS.tobytes(), "accuracy") == (0.75, ROWS)
    assert endpoint.files == {"hidden/labels": b"L", "logits": LOGITS.tobytes()}


@pytest.mark.parametrize("fields", [{"metrics": {}, "samples": 3}, {"metrics": {"accuracy": "good"}}, {}])
def test_an_answer_without_the_number_is_a_failure_of_ours(fields):
    with (
        Lines(FakeLauncher(examiner=[examiner(answer(fields))])) as lines,
        pytest.raises(ExaminerError, match="no such metric"),
    ):
        measured(lines, OWN, {}, b"", "accuracy")
