"""The ledger on random programs, against an oracle that knows no numbers."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.ledger import read_ledger
from tests.grader.checks.tape import Tape
from tests.grader.checks.test_ledger import fed_by, uses

OPTIMIZERS = ((0,), (1, 2))
EVENTS = st.one_of(
    st.tuples(st.just("backward"), st.sampled_from([(0,), (1,), (0, 1), (1, 2), (0, 1, 2)])),
    st.tuples(st.just("clear"), st.sampled_from([(0,), (1, 2), (0, 1, 2)])),
    st.tuples(st.just("scale"), st.sampled_from([0.125, 0.3, 0.5, 2.0, 3.0])),
    st.tuples(st.just("step"), st.sampled_from([0, 1])),
)


class Oracle:
    """What every step uses, kept as names and weights: it never sees a gradient."""

    def __init__(self):
        self.mix = {0: {}, 1: {}, 2: {}}
        self.used = defaultdict(set)  # by optimizer
        self.steps, self.uses, self.changed = [], [], [True, True]

    def backward(self, reach):
        for number in reach:
            self.mix[number][len(self.uses)] = 1.0
        self.uses.append(0)
        self.changed = [True, True]

    def clear(self, numbers):
        for number in numbers:
            self.mix[number] = {}

    def scale(self, factor):
        self.mix = {n: {back: w * factor for back, w in mix.items()} for n, mix in self.mix.items()}

    def step(self, number):
        now = {back: weight for held in OPTIMIZERS[number] for back, weight in self.mix[held].items()}
        again = now.keys() & self.used[number]
        fresh = {back: weight for back, weight in now.items() if back not in again}
        self.used[number] |= now.keys()
        for back in now:
            self.uses[back] += 1
        self.steps.append((number, not now, fresh, len(again)))


def play(program):
    tape, oracle = Tape(sizes=(3, 4, 3), optimizers=OPTIMIZERS), Oracle()
    for event, what in program:
        getattr(oracle, event)(what)
        if event == "backward":
            tape.batch(reach=what)
        else:
            getattr(tape, event)(what)
    return read_ledger(tape.records), oracle


@given(st.lists(EVENTS, max_size=24))
def test_the_ledger_agrees_with_an_oracle_on_random_programs(program):
    ledger, oracle = play([("backward", (0, 1, 2)), *program])
    assert uses(ledger) == oracle.uses
    assert len(ledger.steps) == len(oracle.steps)
    for step, (number, zero, fresh, again) in zip(ledger.steps, oracle.steps, strict=True):
        assert (step.optimizer, step.zero, step.again, step.known) == (number, zero, again, True)
        assert fed_by(step) == sorted(fresh)
        assert step.weights == pytest.approx([fresh[back] for back in sorted(fresh)], rel=1e-3)
        assert not any((step.closure, step.late))
