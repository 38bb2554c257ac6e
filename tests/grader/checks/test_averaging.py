"""The check of averages: several batches behind one step, at full weight or at what comes to an average."""

import pytest

from grader.checks import averaging
from grader.checks.registry import Found
from tests.grader.checks.tape import Tape, counted, facts
from tests.grader.checks.test_beats import found_in as beats_found


def accumulated(scale=1.0, rate=0.05, count=4, windows=3, flags="m", batch=None):
    tape = Tape(rate=rate)
    for _ in range(windows):
        tape.clear()
        for _ in range(count):
            tape.batch(scale=scale, flags=flags, batch=batch)
        tape.step()
    return counted(tape)


def test_sums_of_means_are_found_with_their_number():
    verdict = averaging.accumulation_not_averaged(facts(*accumulated()))
    assert verdict.numbers == {"micro_batches": 4, "weight": 1.0}
    assert "the step is 4 times too long" in verdict.evidence
    assert beats_found(accumulated()) == {"accumulation_not_averaged"}


@pytest.mark.parametrize(
    "how",
    [
        {"scale": 0.25},  # divided before the backward
        {"rate": 0.0125},  # the rate makes up for it
        {"flags": ""},  # a sum is no mean
        {"batch": "same"},  # several losses of one batch
        {"count": 1},
    ],
)
def test_what_comes_to_an_average_is_not_accused(how):
    assert beats_found(accumulated(**how)) == set()


@pytest.mark.parametrize(("part", "guilty"), [(0.5, True), (0.25, False)])
def test_means_that_go_backward_in_parts_are_added_up_by_batch(part, guilty):
    tape = Tape(sizes=(8, 8))
    for _ in range(4):
        tape.clear()
        for number in range(2):
            for _ in range(2):
                tape.batch(scale=part, batch=f"{tape.steps} {number}")
        tape.step()
    verdict = averaging.accumulation_not_averaged(facts(*counted(tape)))
    assert isinstance(verdict, Found) == guilty
    assert not guilty or verdict.numbers["micro_batches"] == 2


def test_a_step_whose_first_batches_came_before_its_window_does_not_count():
    tape = Tape()
    for _ in range(4):
        tape.batch()
        tape.new_window()
        tape.batch()
        tape.batch()
        tape.step()
        tape.clear()
    assert beats_found(counted(tape)) == set()


def test_gradients_divided_after_the_backwards_are_not_accused():
    tape = Tape()
    for _ in range(3):
        tape.clear()
        for _ in range(4):
            tape.batch()
        tape.scale(0.25)
        tape.step()
    assert beats_found(counted(tape)) == set()
