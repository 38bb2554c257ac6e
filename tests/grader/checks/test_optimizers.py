"""The checks of the optimizer: whose parameters, how long it lives, and the stated numbers."""

import pytest

from grader.checks import optimizers
from grader.checks.registry import Clear, Found, Unknown
from tests.grader.checks.tape import Tape, a_pass, counted, end, facts, feed, loader, optimizer, use


def found(check, *records, **how):
    return isinstance(check(facts(*records, **how)), Found)


# ── optimizer-foreign-parameters ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("held", "steps", "guilty"),
    [((2, 3), 8, True), ((1, 2), 8, False), ((2, 3), 0, False), ((), 8, True)],
)
def test_an_optimizer_is_foreign_when_it_holds_none_of_what_gets_gradients(held, steps, guilty):
    tape = Tape(optimizers=())
    for _ in range(3):
        tape.batch()
    records = [*counted(tape), optimizer(0, held, line=2), use(0, steps)]
    assert found(optimizers.optimizer_foreign_parameters, *records) is guilty


def test_a_second_optimizer_that_holds_them_acquits():
    tape = Tape(optimizers=())
    tape.batch()
    records = [*counted(tape), optimizer(0, (7,)), use(0), optimizer(1, (0,)), use(1)]
    assert not found(optimizers.optimizer_foreign_parameters, *records)


def test_where_no_gradient_was_seen_nobody_is_accused():
    assert optimizers.optimizer_foreign_parameters(facts(optimizer(0, (7,)), use(0))) == Clear()


# ── optimizer-recreated ──────────────────────────────────────────────────────────────────────────


def made_anew(count, *, stateful=True, lived=1, given=False, apart=1, params=(0, 1), line=2):
    records = []
    for number in range(count):
        records.append(optimizer(number, params, "Adam", given, line, at_step=number * apart))
        records.append(use(number, lived, stateful))
    return records


@pytest.mark.parametrize(
    ("count", "how", "guilty"),
    [
        (3, {}, True),
        (2, {}, False),
        (5, {"lived": 40}, True),  # momentum lost every epoch
        (8, {"stateful": False}, True),
        (7, {"stateful": False}, False),
        (9, {"stateful": False, "lived": 2}, False),
        (9, {"given": True}, False),
        (9, {"lived": 0}, False),
        (9, {"apart": 0}, False),  # several at once, none thrown away
    ],
)
def test_optimizers_made_in_turn_count_from_three_and_without_state_from_eight(count, how, guilty):
    assert found(optimizers.optimizer_recreated, *made_anew(count, **how)) is guilty


def test_one_optimizer_per_phase_over_other_parameters_is_clear():
    records = [*made_anew(2), optimizer(2, (0,), "Adam", False, 2, 9), use(2, 5, True)]
    assert not found(optimizers.optimizer_recreated, *records)


def test_a_recreated_optimizer_is_told_with_its_line_and_what_was_lost():
    verdict = optimizers.optimizer_recreated(facts(*made_anew(20)))
    assert verdict.lines == (2,)
    assert verdict.numbers == {"optimizers": 20, "steps_each": 1}
    assert verdict.evidence.startswith("At least 20 Adam optimizers")
    assert "momentum or averages were lost" in verdict.evidence


# ── wrong-hyperparameter ─────────────────────────────────────────────────────────────────────────


def run_of(tape_rate=0.05, steps=12, rows=16, **optimizer_fields):
    """A right loop's records with an optimizer of these fields (the tape's own record replaced)."""
    tape = Tape(rate=tape_rate).right_steps(steps, rows=rows)
    fields = {"lr": tape_rate, **optimizer_fields}
    return [optimizer(0, (0, 1), **fields), use(0, steps), *counted(tape)[1:]]


def whole(count):
    return [loader(), *(a_pass(number) for number in range(count))]


check = optimizers.wrong_hyperparameter


@pytest.mark.parametrize(
    ("rate", "guilty"),
    [(0.05, False), (0.05 * 1.0009, False), (0.05 * 1.0015, True), (0.0005, True), (0.5, True)],
)
def test_the_rate_that_stepped_is_compared_with_the_stated_one(rate, guilty):
    assert found(check, *run_of(rate), *whole(3)) is guilty


@pytest.mark.parametrize(("right", "guilty"), [(7, False), (6, True)])
def test_a_warm_up_of_less_than_a_third_is_no_other_experiment(right, guilty):
    tape = Tape(rate=0.05)
    for number in range(10):
        tape.rate = 0.05 if number >= 10 - right else 0.01
        tape.right_steps(1)
        tape.new_window()
    records = [optimizer(0, (0, 1), lr=0.05), use(0, 10), *counted(tape)[1:]]
    assert found(check, *records) is guilty


def test_a_rate_divided_by_the_micro_batches_is_right():
    tape = Tape(rate=0.025)
    for _ in range(4):
        tape.clear()
        tape.batch(rows=8)
        tape.batch(rows=8)
        tape.step()
    assert not found(check, optimizer(0, (0, 1), lr=0.025), use(0, 4), *counted(tape)[1:])


def test_the_constructors_rate_is_taken_where_no_step_was_watched():
    counts = end({"B": 9, "S": 9})
    assert not found(check, optimizer(0, lr=0.05), use(0, 9), counts)
    assert found(check, optimizer(0, lr=0.06), use(0, 9), counts)


def test_where_the_optimizer_is_given_another_kind_is_the_students_to_choose():
    records = run_of(0.001, cls="Adam", given=False)
    assert found(check, *records)
    assert not found(check, *records, optimizer(5, (0, 1), "SGD", given=True, lr=0.05))


MNIST = {"exercise": "mnist-from-memory", "samples": 6000, "epochs": 5}


@pytest.mark.parametrize(
    ("cls", "hyper", "rows", "words"),
    [
        ("SGD", {"momentum": 0.0}, 64, ""),
        ("SGD", {}, 64, ""),
        ("Mine", {}, 64, ""),
        ("Adam", {}, 64, "asks for SGD; your loop steps with Adam"),
        ("SGD", {"momentum": 0.9}, 64, "momentum 0; your optimizer has 0.9"),
        ("SGD", {}, 32, "batches of 64; your steps used 32 samples"),
    ],
)
def test_kind_momentum_and_batch_size_are_compared_where_they_are_stated(cls, hyper, rows, words):
    verdict = check(facts(*run_of(0.1, cls=cls, rows=rows, **hyper), **MNIST))
    assert isinstance(verdict, Found) == bool(words)
    assert not words or words in verdict.evidence


@pytest.mark.parametrize(("watched", "guilty"), [(2, False), (3, True)])
def test_the_batch_size_needs_three_watched_steps(watched, guilty):
    assert found(check, *run_of(0.1, watched, rows=32), **MNIST) is guilty


def test_micro_batches_of_one_step_add_up_to_its_batch():
    tape = Tape(rate=0.1)
    for _ in range(3):
        tape.clear()
        for _ in range(4):
            tape.batch(rows=16, scale=0.25)
        tape.step()
    records = [optimizer(0, (0, 1), lr=0.1), use(0, 3), *counted(tape)[1:]]
    assert not found(check, *records, **MNIST)


@pytest.mark.parametrize(("epochs", "guilty"), [(2, True), (3, False), (4, True)])
def test_whole_passes_must_be_the_epochs_that_were_asked_for(epochs, guilty):
    verdict = check(facts(*run_of(), *whole(epochs)))
    assert isinstance(verdict, Found) == guilty
    if guilty:
        assert verdict.numbers == {"epochs": epochs, "wanted_epochs": 3.0}


@pytest.mark.parametrize(
    ("rows", "guilty"), [(3 * 128, False), (3 * 100, False), (3 * 160, False), (290 - 3, True), (600, True)]
)
def test_epochs_told_by_rows_leave_room_for_a_validation_part(rows, guilty):
    records = [*run_of()[:-1], end({"B": 12, "S": 12}, trained_rows=rows)]
    assert found(check, *records, feed()) is guilty


@pytest.mark.parametrize(("rate", "guilty"), [(0.05, False), (0.0505, False), (0.052, True), (0.0005, True)])
def test_a_rate_used_by_hand_is_read_off_the_values(rate, guilty):
    tape = Tape(optimizers=(), rate=rate)
    for _ in range(4):
        tape.draw()
        tape.forward()
        tape.loss()
        tape.move_by_hand(tape.grad())
    tape.row("V", params=tape.weights())
    assert found(check, *counted(tape)) is guilty


def test_without_any_step_the_numbers_cannot_be_told():
    assert isinstance(check(facts()), Unknown)
    assert check(facts(end({"S": 3}))) == Clear()


def test_several_wrong_numbers_are_told_together():
    verdict = check(facts(*run_of(0.01), *whole(2)))
    assert set(verdict.numbers) == {"lr", "wanted_lr", "epochs", "wanted_epochs"}
    assert "learning rate" in verdict.evidence
    assert "epochs" in verdict.evidence
