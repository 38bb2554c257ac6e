"""The ledger: from rows to which backward fed which step, pattern by pattern and for random programs."""

import math

import numpy as np
import pytest

from grader.checks.ledger import read_ledger
from grader.checks.steps import BY_HAND
from sandbox import trace
from tests.grader.checks.tape import Tape, pack


def uses(ledger):
    return [back.uses for back in ledger.backs]


def fed_by(step):
    return [back.number for back in step.fresh]


def test_in_a_right_loop_every_gradient_is_used_once_in_its_own_step():
    ledger = read_ledger(Tape().right_steps(5).records)
    assert uses(ledger) == [1] * 5
    for number, step in enumerate(ledger.steps):
        assert (fed_by(step), step.weights, step.again) == ([number], [1.0], 0)
        assert (step.known, step.finite) == (True, True)
        assert not any((step.zero, step.same, step.late, step.closure))
    assert ledger.fed == ledger.moved == {0, 1}


def test_a_right_loop_reads_the_same_when_clearing_comes_last_and_without_a_call():
    tape = Tape()
    for _ in range(4):
        tape.batch()
        tape.step()
        tape.clear(said=False)
    ledger = read_ledger(tape.records)
    assert uses(ledger) == [1] * 4
    assert not any(step.late or step.again or step.zero for step in ledger.steps)


def test_without_clearing_the_uses_count_down():
    tape = Tape()
    for _ in range(5):
        tape.batch()
        tape.step()
    ledger = read_ledger(tape.records)
    assert uses(ledger) == [5, 4, 3, 2, 1]
    assert [step.again for step in ledger.steps] == [0, 1, 2, 3, 4]
    assert [fed_by(step) for step in ledger.steps] == [[0], [1], [2], [3], [4]]
    assert all(step.known for step in ledger.steps)


def test_cleared_between_backward_and_step_nothing_is_used():
    tape = Tape()
    for _ in range(4):
        tape.batch()
        tape.clear()
        tape.step()
    ledger = read_ledger(tape.records)
    assert uses(ledger) == [0] * 4
    assert all(step.zero and step.had and not step.late for step in ledger.steps)
    assert ledger.moved == set()
    assert ledger.fed == {0, 1}


def test_a_step_before_its_backward_uses_the_gradient_of_the_batch_before():
    tape = Tape()
    for _ in range(4):
        tape.draw()
        tape.forward()
        tape.loss()
        tape.step()
        tape.clear()
        tape.backward()
    ledger = read_ledger(tape.records)
    assert [step.late for step in ledger.steps] == [True] * 4
    assert [fed_by(step) for step in ledger.steps] == [[], [0], [1], [2]]
    assert uses(ledger) == [1, 1, 1, 0]


def test_a_step_before_its_backward_and_after_clearing_finds_nothing():
    tape = Tape()
    for _ in range(4):
        tape.draw()
        tape.clear()
        tape.forward()
        tape.loss()
        tape.step()
        tape.backward()
    ledger = read_ledger(tape.records)
    assert all(step.late and step.zero for step in ledger.steps)
    assert uses(ledger) == [0] * 4


def test_the_step_of_a_pipelined_batch_is_not_late():
    """The next batch goes forward before the step of this one: unusual, and right."""
    tape = Tape()
    tape.forward()
    for _ in range(4):
        tape.loss()
        tape.clear()
        tape.backward()
        tape.step()
        tape.forward()
    assert not any(step.late for step in read_ledger(tape.records).steps)


def test_a_second_step_on_the_same_gradient_is_the_same():
    tape = Tape()
    for _ in range(3):
        tape.clear()
        tape.batch()
        tape.step()
        tape.step()
    ledger = read_ledger(tape.records)
    assert [step.same for step in ledger.steps] == [False, True] * 3
    assert [step.again for step in ledger.steps] == [0, 1] * 3
    assert uses(ledger) == [2, 2, 2]


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_accumulated_gradients_are_all_used_by_one_step(scale):
    tape = Tape()
    for _ in range(3):
        tape.clear()
        tape.batch(scale=scale)
        tape.batch(scale=scale)
        tape.step()
    ledger = read_ledger(tape.records)
    assert [fed_by(step) for step in ledger.steps] == [[0, 1], [2, 3], [4, 5]]
    assert all(step.weights == [1.0, 1.0] for step in ledger.steps)
    assert {(back.loss, back.row.value, back.mean) for back in ledger.backs} == {(2.0, 2.0 * scale, True)}


def test_a_clip_scales_the_weights():
    tape = Tape()
    for _ in range(3):
        tape.clear()
        tape.batch()
        tape.clip(0.37)
        tape.step()
    ledger = read_ledger(tape.records)
    assert uses(ledger) == [1, 1, 1]
    for step in ledger.steps:
        assert step.known
        assert step.weights == pytest.approx([0.37], rel=1e-4)


@pytest.mark.parametrize(("noise", "known"), [(1e-5, True), (1e-3, False)])
def test_a_multiple_is_one_up_to_rounding_and_no_further(noise, known):
    tape = Tape()
    tape.batch()
    tape.scale(0.5)
    tape.gradient *= 1 + np.float32(noise) * np.array([1, -1, 1, -1, 1, -1, 1], dtype=np.float32)
    tape.step()
    (step,) = read_ledger(tape.records).steps
    assert step.known == known
    assert len(step.fresh) == known


def test_a_gradient_divided_between_two_backwards_keeps_both_weights():
    tape = Tape()
    tape.batch()
    tape.scale(0.25)
    tape.batch()
    tape.step()
    (step,) = read_ledger(tape.records).steps
    assert step.weights == pytest.approx([0.25, 1.0], rel=1e-4)


def test_a_tensor_of_two_numbers_follows_the_scale_of_all_of_them():
    """linreg has one slope and one intercept: each alone would be a multiple of anything."""
    tape = Tape(sizes=(1, 1))
    tape.clear()
    tape.batch()
    tape.clip(0.5)
    tape.step()
    (step,) = read_ledger(tape.records).steps
    assert step.known
    assert step.weights == pytest.approx([0.5], rel=1e-4)


def test_a_single_number_that_changed_is_unknown_not_a_multiple():
    tape = Tape(sizes=(1,), optimizers=((0,),))
    tape.batch()
    tape.scale(0.5)
    tape.step()
    (step,) = read_ledger(tape.records).steps
    assert not step.known
    assert step.fresh == []


def test_autograd_grad_and_an_update_by_hand_make_steps_of_their_own():
    tape = Tape(optimizers=())
    for _ in range(4):
        tape.draw()
        tape.forward()
        tape.loss()
        tape.move_by_hand(tape.grad())
    tape.row("V", params=tape.weights())
    ledger = read_ledger(tape.records)
    assert [step.optimizer for step in ledger.steps] == [BY_HAND] * 4
    assert [fed_by(step) for step in ledger.steps] == [[0], [1], [2], [3]]
    assert [step.rate for step in ledger.steps] == pytest.approx([0.1] * 4, rel=1e-4)
    assert uses(ledger) == [1] * 4
    assert ledger.fed == ledger.moved == {0, 1}


def test_a_backward_and_an_update_by_hand_without_clearing_uses_old_gradients():
    tape = Tape(optimizers=())
    for _ in range(4):
        tape.batch()
        tape.move_by_hand(tape.gradient)
    tape.row("V", params=tape.weights())
    ledger = read_ledger(tape.records)
    assert uses(ledger) == [4, 3, 2, 1]
    assert [step.again for step in ledger.steps] == [0, 1, 2, 3]


def test_values_that_move_another_way_than_the_gradient_are_unknown():
    tape = Tape(optimizers=())
    tape.batch()
    tape.move_by_hand(tape.new_gradient())
    tape.row("V", params=tape.weights())
    (step,) = read_ledger(tape.records).steps
    assert (step.known, step.rate, step.fresh) == (False, None, [])


def test_weights_set_by_hand_beside_an_optimizer_are_no_step():
    tape = Tape()
    tape.batch()
    tape.move_by_hand(tape.gradient)
    tape.clear()
    tape.batch()
    tape.step()
    ledger = read_ledger(tape.records)
    assert [step.optimizer for step in ledger.steps] == [0]
    assert uses(ledger) == [0, 1]


def test_a_gradient_returned_by_autograd_grad_and_put_into_place_is_followed():
    tape = Tape()
    for _ in range(3):
        tape.forward()
        tape.loss()
        tape.gradient = tape.grad() * np.float32(2)
        tape.step()
    ledger = read_ledger(tape.records)
    # The first reading of a window has nothing before it to compare with.
    assert [fed_by(step) for step in ledger.steps[1:]] == [[1], [2]]
    for step in ledger.steps[1:]:
        assert step.weights == pytest.approx([2.0], rel=1e-4)
        assert step.again == 0


def gathered_by_grad(tape, count):
    """A forward and autograd.grad for each of some batches; the mean of what came back."""
    given = []
    for _ in range(count):
        tape.forward()
        tape.loss()
        given.append(tape.grad())
    return (sum(given) / np.float32(count)).astype(np.float32)


def test_gradients_of_several_autograd_grads_that_were_averaged_by_hand_are_followed():
    tape = Tape(sizes=(8, 8, 3))
    for _ in range(4):
        tape.gradient = gathered_by_grad(tape, 3)
        tape.clip(0.5)
        tape.step()
    ledger = read_ledger(tape.records)
    assert uses(ledger) == [1] * 12
    assert all(step.known and not step.stale for step in ledger.steps)
    assert fed_by(ledger.steps[2]) == [6, 7, 8]
    assert ledger.steps[2].weights == pytest.approx([1 / 6] * 3, rel=1e-4)


def test_averages_put_into_place_behind_the_step_are_used_by_the_next_one():
    tape = Tape(sizes=(8, 8, 3))
    for _ in range(4):
        mean = gathered_by_grad(tape, 3)
        tape.step()
        tape.gradient = mean
    ledger = read_ledger(tape.records)
    assert [step.stale for step in ledger.steps] == [False, True, True, True]
    assert fed_by(ledger.steps[2]) == [3, 4, 5]


def test_a_momentum_of_the_students_own_is_not_called_old_gradients():
    tape = Tape(sizes=(8, 8, 3))
    before = 0.0
    for _ in range(6):
        tape.draw()
        tape.forward()
        tape.loss()
        now = tape.grad()
        tape.gradient, before = (2 * now - before).astype(np.float32), now
        tape.step()
    steps = read_ledger(tape.records).steps
    assert not any(step.again or step.stale for step in steps)
    assert not any(step.known for step in steps[1:])


def test_too_few_coordinates_for_so_many_gradients_say_nothing():
    tape = Tape(sizes=(4, 3))
    for _ in range(3):
        tape.gradient = gathered_by_grad(tape, 3)
        tape.step()
    assert not any(step.known for step in read_ledger(tape.records).steps[1:])


def test_a_gradient_replaced_by_something_else_is_unknown_and_accuses_nobody():
    tape = Tape()
    for _ in range(3):
        tape.batch()
        tape.gradient = tape.new_gradient()
        tape.step()
    for step in read_ledger(tape.records).steps:
        assert (step.known, step.zero, step.same) == (False, False, False)
        assert (step.fresh, step.again) == ([], 0)


def test_steps_that_hooks_take_inside_a_backward_use_that_backward():
    """One optimizer a parameter, stepped and cleared as soon as its gradient is there."""
    tape = Tape(optimizers=((0,), (1,)))
    for number in range(3):
        tape.draw()
        tape.forward()
        tape.loss()
        tape.settle()
        before, params = tape.reading(), tape.weights()
        for held in (1, 0):
            part = tape.parts[held]
            tape.gradient[part] = tape.random.normal(size=part.stop - part.start)
            tape.step(held)
            tape.gradient[part] = 0
        after = tape.reading()
        tape.row("B", rows=2, value=2.0, before=before, after=after, params=params if not number else None)
    ledger = read_ledger(tape.records)
    assert len(ledger.steps) == 6
    assert [fed_by(step) for step in ledger.steps] == [[0], [0], [1], [1], [2], [2]]
    assert not any(step.late or step.zero or step.again for step in ledger.steps)
    assert ledger.fed == {0, 1}


def test_a_closures_backwards_belong_to_its_step():
    tape = Tape()
    for _ in range(3):
        tape.draw()
        tape.begin()
        for _ in range(2):
            tape.clear()
            tape.forward()
            tape.loss()
            tape.backward()
        tape.finish()
    ledger = read_ledger(tape.records)
    assert all(step.closure and not step.late for step in ledger.steps)
    assert [fed_by(step) for step in ledger.steps] == [[1], [3], [5]]
    assert not any(step.again for step in ledger.steps)


def test_of_two_optimizers_only_the_one_that_is_not_cleared_uses_old_gradients():
    tape = Tape(optimizers=((0,), (1,)))
    for _ in range(4):
        tape.clear([0])
        tape.batch()
        tape.step(0)
        tape.step(1)
    ledger = read_ledger(tape.records)
    again = {number: [step.again for step in ledger.steps if step.optimizer == number] for number in (0, 1)}
    assert again == {0: [0, 0, 0, 0], 1: [0, 1, 2, 3]}
    assert all(step.known and not step.same for step in ledger.steps)


def test_a_step_over_parameters_that_no_gradient_reaches_finds_none():
    tape = Tape(optimizers=((0,), (1,)))
    for _ in range(3):
        tape.batch(reach=[0])
        tape.step(1)
    ledger = read_ledger(tape.records)
    assert all(step.zero and not step.had for step in ledger.steps)
    assert ledger.fed == {0}


def test_a_gradient_that_is_nan_is_not_followed():
    tape = Tape()
    for _ in range(3):
        tape.clear()
        tape.forward()
        tape.loss(math.nan)
        tape.backward(math.nan, gain=np.full_like(tape.gradient, np.nan))
        tape.step()
    for step in read_ledger(tape.records).steps:
        assert not step.finite
        assert (step.again, step.same, step.zero) == (0, False, False)


def without(record, **names):
    """A row with some of its vectors replaced."""
    return trace.Row(**{**vars(record), **names}) if isinstance(record, trace.Row) else record


@pytest.mark.parametrize("vector", [None, pack([]), pack([1.0, 2.0])])
def test_vectors_that_are_missing_or_of_another_length_leave_the_steps_unknown(vector):
    records = Tape().right_steps(3).records
    bare = [without(record, before=vector, after=vector, params=vector) for record in records]
    ledger = read_ledger(bare)
    assert len(ledger.steps) == 3
    assert len(ledger.backs) == 3
    assert all(not step.known and not step.fresh and not step.zero for step in ledger.steps)
    assert ledger.moved == ledger.fed == set()


@pytest.mark.parametrize("text", ["", "x", "fAAA", "f!!!!", "q" + "A" * 8])
def test_a_malformed_vector_is_an_error_of_the_trace(text):
    records = [without(record, before=text) for record in Tape().right_steps(2).records]
    with pytest.raises(trace.TraceError):
        read_ledger(records)


def test_a_parameter_that_joins_in_mid_window_starts_anew():
    tape = Tape(sizes=(4,), optimizers=((0,),))
    tape.right_steps(1)
    tape.settled = False
    tape.parts = {0: slice(0, 4), 1: slice(4, 7)}
    tape.gradient, tape.values = np.zeros(7, dtype=np.float32), np.ones(7, dtype=np.float32)
    tape.right_steps(2)
    ledger = read_ledger(tape.records)
    assert uses(ledger) == [1, 1, 1]
    assert all(step.known and not step.again for step in ledger.steps)
    assert ledger.fed == {0, 1}


def test_what_a_window_finds_already_there_is_no_backward_of_its_own():
    tape = Tape()
    tape.batch()
    tape.step()
    tape.new_window()
    tape.batch()
    tape.step()
    tape.batch()
    tape.step()
    ledger = read_ledger(tape.records)
    assert uses(ledger) == [1, 2, 1]
    assert [fed_by(step) for step in ledger.steps] == [[0], [1], [2]]
    assert all(step.known for step in ledger.steps)


def test_rows_without_a_layout_tell_the_order_alone():
    records = [record for record in Tape().right_steps(3).records if not isinstance(record, trace.Layout)]
    ledger = read_ledger(records)
    assert len(ledger.steps) == 3
    assert not any(step.fresh or step.again or step.same for step in ledger.steps)


def test_no_rows_are_an_empty_ledger():
    ledger = read_ledger([])
    assert (ledger.backs, ledger.steps, ledger.fed, ledger.moved) == ([], [], set(), set())
