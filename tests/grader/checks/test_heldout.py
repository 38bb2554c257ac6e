"""Held-out data: which loaders give them, and that no step uses their gradients."""

from grader.checks import heldout
from grader.checks.registry import Clear, Found
from sandbox import trace
from tests.grader.checks.tape import a_pass, facts, loader

GIVEN = (loader(0, size=470), loader(1, size=204, sampler="SequentialSampler"))


def use(number=0, calls=8, trained=0, mode="e", grad=False, layers=("Dropout",)):
    return trace.ForwardUse(
        module=0,
        loader=number,
        grad=grad,
        mode=mode,
        layers=list(layers),
        calls=calls,
        trained=trained,
        line=3,
        at_step=0,
    )


def seen(*records):
    return facts(*GIVEN, *records, exercise="train-and-validate")


def test_the_signature_tells_which_given_loader_is_held_out():
    assert heldout.held_out(seen()) == {1}
    assert heldout.held_out(facts(*GIVEN)) == set()


def test_a_loader_of_ones_own_counts_when_it_goes_over_as_many_samples():
    assert heldout.held_out(seen(loader(2, size=204, given=False), loader(3, size=470, given=False))) == {
        1,
        2,
    }


def test_batches_of_the_held_out_loader_that_were_trained_on_are_found():
    verdict = heldout.trains_on_held_out(seen(a_pass(3, loader=1, trained=4), use(1, trained=4, mode="t")))
    assert isinstance(verdict, Found)
    assert verdict.numbers == {"held_out_batches": 4}
    assert "validation loader" in verdict.evidence


def test_gradients_of_held_out_batches_that_no_step_used_are_not_flagged():
    assert heldout.trains_on_held_out(seen(a_pass(loader=1, trained=0), use(1, grad=True))) == Clear()


def test_a_draw_that_another_forward_took_over_is_no_proof():
    records = (a_pass(loader=1, trained=1), use(0, trained=8, mode="t"))
    assert heldout.trains_on_held_out(seen(*records)) == Clear()


def test_a_shuffled_validation_loader_is_remarked():
    own = loader(2, size=204, given=False)
    shuffled = a_pass(loader=2, trained=0, batches=4)
    assert isinstance(heldout.held_out_shuffled(seen(own, a_pass(), shuffled)), Found)
    ascending = a_pass(loader=2, trained=0, ascending=True)
    assert heldout.held_out_shuffled(seen(own, a_pass(), ascending)) == Clear()
    assert heldout.held_out_shuffled(seen(a_pass(), a_pass(1, loader=0, trained=0))) == Clear()
