"""The checks of the data, and how many epochs a run is said to have trained: each at its border."""

import math

import pytest

from grader.checks import feeding, heldout
from grader.checks.registry import Clear, Found
from sandbox import trace
from tests.grader.checks.tape import Tape, a_pass, counted, end, facts, feed, loader

RUN = end({"B": 24, "S": 24}, trained_rows=384)


def passes(count, **more):
    return [a_pass(number, **more) for number in range(count)]


def found(check, *records, **parameters):
    return isinstance(check(facts(*records, **parameters)), Found)


# ── epochs ───────────────────────────────────────────────────────────────────────────────────────


def test_whole_passes_are_epochs():
    seen = facts(loader(), *passes(3), RUN)
    assert (feeding.whole_passes(seen), feeding.epochs_trained(seen)) == (3, 3.0)


def test_a_pass_that_only_evaluates_is_no_epoch():
    seen = facts(loader(), *passes(3), a_pass(9, trained=0), RUN)
    assert feeding.epochs_trained(seen) == 3.0


@pytest.mark.parametrize("odd", [{"finished": False}, {"trained": 1}])
def test_passes_broken_off_are_counted_by_their_rows(odd):
    seen = facts(loader(size=128), a_pass(0), a_pass(1, **{"rows": 64, "batches": 4, "trained": 4, **odd}))
    assert feeding.whole_passes(seen) is None
    assert feeding.epochs_trained(seen) == pytest.approx(1.5 if "finished" in odd else 1.125)


def test_without_a_loader_the_rows_behind_the_backwards_are_counted():
    assert feeding.epochs_trained(facts(RUN)) == 3.0
    assert feeding.epochs_trained(facts(RUN, samples=0)) is None
    assert feeding.epochs_trained(facts()) is None


def test_steps_that_no_loader_fed_count_by_rows_beside_whole_passes():
    seen = facts(loader(), a_pass(0), feed(), end({"B": 48}, trained_rows=768))
    assert feeding.epochs_trained(seen) == 6.0


# ── drained-iterator ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("polled", "guilty"), [(0, False), (1, True), (2, True)])
def test_an_iterator_asked_for_more_after_its_end_is_found(polled, guilty):
    assert found(feeding.drained_iterator, loader(), a_pass(polled=polled), RUN, samples=0) is guilty


def test_an_empty_iterator_says_what_it_gave():
    verdict = feeding.drained_iterator(facts(loader(), a_pass(polled=2, line=6)))
    assert verdict.lines == (6,)
    assert verdict.numbers == {"batches": 8, "asked_after_end": 2, "epochs": 1.0}
    assert "asked 2 more times afterwards" in verdict.evidence
    assert "of 3 epochs only 1 had any batches" in verdict.evidence


def test_a_run_of_enough_epochs_is_clear_however_often_iterators_were_asked():
    assert not found(feeding.drained_iterator, loader(), *passes(3, polled=1))
    assert not found(feeding.drained_iterator, loader(), a_pass(polled=1), epochs=1)


@pytest.mark.parametrize(
    ("numbers", "guilty"),
    [([1.0, 0.0, 0.0], True), ([1.0, math.nan, math.nan], True), ([1.0, 0.5, 0.4], False), ([1.0], False)],
)
def test_losses_returned_for_epochs_without_batches_give_a_list_of_batches_away(numbers, guilty):
    returned = trace.Returned(type="list", length=len(numbers), numbers=numbers)
    assert found(feeding.drained_iterator, loader(), a_pass(), returned) is guilty


# ── same-batch-repeated ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("how", "guilty"),
    [
        ({"distinct": 1}, True),
        ({"distinct": 2}, False),
        ({"distinct": 1, "steps": 5}, True),
        ({"distinct": 1, "steps": 4}, False),
        ({"distinct": 1, "rows": 128}, False),  # full-batch training
        ({"distinct": 1, "rows": 127}, True),
        ({"distinct": 1, "fresh": 5}, True),
        ({"distinct": 1, "fresh": 6}, False),
    ],
)
def test_one_batch_in_nearly_all_steps_is_found(how, guilty):
    assert found(feeding.same_batch_repeated, feed(**how), RUN) is guilty


@pytest.mark.parametrize(
    ("count", "batch", "rows", "guilty"),
    [(8, "b", 16, True), (7, "b", 16, False), (8, None, 16, False), (8, "b", 128, False)],
)
def test_one_fingerprint_in_all_watched_steps_is_found(count, batch, rows, guilty):
    records = counted(Tape().right_steps(count, batch=batch, rows=rows))
    assert found(feeding.same_batch_repeated, *records) is guilty


def test_closures_that_look_at_one_batch_many_times_in_one_step_are_clear():
    tape = Tape()
    tape.begin()
    for _ in range(12):
        tape.clear()
        tape.batch(batch="b")
    tape.finish()
    assert not found(feeding.same_batch_repeated, *counted(tape))


# ── not-shuffled ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "guilty"),
    [
        ({}, True),
        ({"finished": False}, False),
        ({"trained": 7}, False),
        ({"batches": 1, "trained": 1}, False),
        ({"head": []}, False),
    ],
)
def test_the_same_order_in_two_whole_passes_is_found(changes, guilty):
    two = passes(2, order="same", first="same", **changes)
    assert found(feeding.not_shuffled, loader(), *two) is guilty


def test_one_pass_or_another_order_is_clear():
    assert not found(feeding.not_shuffled, loader(), a_pass(ascending=True))
    assert not found(feeding.not_shuffled, loader(), *passes(3))
    assert not found(
        feeding.not_shuffled, loader(), *passes(2, order="same", first="same"), a_pass(3, order="other")
    )


def test_equal_indices_with_other_contents_are_no_fixed_order():
    """As where the data set itself deals its rows out anew."""
    assert not found(feeding.not_shuffled, loader(), *passes(2, order="same"))


def test_a_fixed_order_is_told_with_both_lines():
    records = (loader(line=2), *passes(2, order="same", first="same", ascending=True))
    verdict = feeding.not_shuffled(facts(*records))
    assert verdict.lines == (2, 1)
    assert verdict.numbers == {"passes": 2, "samples": 128}
    assert "counting up from the first sample" in verdict.evidence


def test_new_loaders_over_the_same_data_in_the_same_order_are_found():
    two = [a_pass(n, loader=n, order="same", first="same") for n in range(2)]
    assert found(feeding.not_shuffled, loader(0), loader(1), *two)
    other = [a_pass(n, loader=n, order="same") for n in range(2)]
    assert not found(feeding.not_shuffled, loader(0), loader(1), *other)


@pytest.mark.parametrize(
    ("how", "guilty"),
    [
        ({"period": 8}, True),
        ({"period": 8, "rows": 14}, True),
        ({"period": 8, "rows": 13}, False),
        ({"period": 10}, False),
        ({"period": 0}, False),
        ({"period": 1, "rows": 128}, False),
        ({"period": 8, "fresh": 1}, False),
        ({"period": 8, "fresh": 8}, True),  # a list of batches, new in the first epoch only
    ],
)
def test_slices_cut_by_hand_in_a_fixed_order_are_found_by_their_period(how, guilty):
    assert found(feeding.not_shuffled, feed(**how)) is guilty


def test_a_period_says_nothing_where_the_number_of_samples_is_unknown():
    assert not found(feeding.not_shuffled, feed(period=8), samples=0)


# ── trains-on-held-out ───────────────────────────────────────────────────────────────────────────


def origin(step=4, **rows):
    return trace.Origin(
        at_step=step, line=5, rows={k.replace("_", "-"): v for k, v in rows.items()}, scale=1.0, shift=0.0,
        residual=0.0,
    )  # fmt: skip


def test_a_single_traced_row_of_the_test_set_is_found():
    assert not found(heldout.trains_on_held_out, origin(train=16), origin(train=8, unknown=8))
    verdict = heldout.trains_on_held_out(facts(origin(2, train=16), origin(7, train=15, held_out=1)))
    assert verdict.numbers == {"traced": 32, "held_out": 1}
    assert "at step 8" in verdict.evidence
    assert verdict.lines == (5,)
    assert not found(heldout.trains_on_held_out)
    assert heldout.trains_on_held_out(facts(origin(held_out=0))) == Clear()
