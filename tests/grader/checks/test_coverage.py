"""The check that epochs go through all their data: at its border, and for the loops it must not accuse."""

import pytest

from grader.checks import coverage
from grader.checks.registry import Clear, Found
from sandbox import trace
from tests.grader.checks.tape import a_pass, end, facts, feed, loader

PART = {"batches": 5, "rows": 80, "trained": 5, "finished": False, "loss_rows": 80}
SLICED = {"batches": 8, "rows": 128, "trained": 5, "finished": True, "loss_rows": 80}


def verdict(*records, rows=240, **parameters):
    return coverage.partial_epoch(facts(*records, end({"B": 15, "S": 15}, trained_rows=rows), **parameters))


def passes(count, **more):
    return [a_pass(number, **more) for number in range(count)]


@pytest.mark.parametrize("how", [PART, SLICED], ids=["broken-off", "sliced"])
def test_epochs_that_leave_batches_out_are_found(how):
    found = verdict(loader(), *passes(3, **how))
    assert isinstance(found, Found)
    assert found.numbers == {"epochs": 2, "most_batches": 5, "batches": 8}
    assert "at most 5 of 8 batches" in found.evidence
    assert found.lines == (1,)


@pytest.mark.parametrize("change", [{"loss_rows": 128}, {"loss_rows": 0}, {"trained": 6, "loss_rows": 96}])
def test_a_finished_pass_counts_only_with_batches_that_never_went_backward(change):
    assert verdict(loader(), *passes(3, **{**SLICED, **change})) == Clear()


FIRST_LOST = {"batches": 8, "rows": 128, "trained": 7, "finished": True, "loss_rows": 112}


def trained_on(calls, trained):
    return trace.ForwardUse(
        module=0, loader=0, grad=True, mode="t", layers=[], calls=calls, trained=trained, line=3, at_step=0
    )


def test_a_batch_of_every_epoch_that_was_drawn_for_nothing_is_found():
    found = verdict(loader(), *passes(3, **FIRST_LOST), trained_on(21, 21), rows=336)
    assert isinstance(found, Found)
    assert found.numbers == {"epochs": 2, "most_batches": 7, "batches": 8}


@pytest.mark.parametrize("uses", [[], [trained_on(24, 21)], [trained_on(18, 18)]])
def test_a_batch_that_was_evaluated_or_went_another_way_is_clear(uses):
    assert verdict(loader(), *passes(3, **FIRST_LOST), *uses, rows=336) == Clear()


def test_a_short_last_batch_that_is_passed_over_is_clear():
    short = {**FIRST_LOST, "rows": 120}
    assert verdict(loader(size=120), *passes(3, **short), trained_on(21, 21), rows=300) == Clear()


def test_whole_epochs_are_clear():
    assert verdict(loader(), *passes(3), rows=384) == Clear()


def test_a_dropped_last_batch_is_clear():
    kept = {"batches": 8, "rows": 128, "trained": 8, "finished": True}
    assert verdict(loader(size=130), *passes(3, **kept), rows=384, samples=130) == Clear()
    counted = {**kept, "finished": False}  # for _ in range(8): next(iterator)
    assert verdict(loader(size=130), *passes(3, **counted), rows=300, samples=130) == Clear()


def test_an_early_end_of_the_last_epoch_is_clear():
    assert verdict(loader(), *passes(2), a_pass(2, **PART), rows=336) == Clear()


def test_one_early_epoch_is_too_little():
    assert verdict(loader(), a_pass(0, **PART), a_pass(1, **PART), rows=160, epochs=2) == Clear()
    assert verdict(loader(), a_pass(0), a_pass(1, **PART), a_pass(2), rows=336) == Clear()


def test_as_many_rows_as_whole_epochs_have_are_clear_from_however_many_iterators():
    one = {"batches": 1, "rows": 16, "trained": 1, "finished": False}
    assert verdict(loader(), *passes(24, **one), rows=384) == Clear()


def test_a_cycled_loader_is_clear():
    assert verdict(loader(), a_pass(0), feed(steps=16), rows=384) == Clear()


def test_a_validation_part_split_off_is_clear():
    part = {"batches": 6, "rows": 96, "trained": 6}
    assert verdict(loader(size=96), *passes(3, **part), rows=288) == Clear()


def test_without_a_number_of_epochs_nothing_is_said():
    assert verdict(loader(), *passes(3, **PART), epochs=0) == Clear()


def test_a_loader_of_unknown_size_is_clear():
    assert verdict(loader(size=-1), *passes(3, **PART)) == Clear()


def test_nothing_trained_is_clear():
    assert coverage.partial_epoch(facts()) == Clear()
