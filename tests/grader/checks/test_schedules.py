"""The checks of the learning rate: traces against the rates due, and schedulers against their horizon."""

import json

import pytest

from grader.checks import schedules
from grader.checks.rates import calls_before_steps, expanded
from grader.checks.registry import Clear, Found, Unknown
from sandbox import trace
from tests.grader.checks.tape import Tape, a_pass, counted, end, facts, optimizer, pattern

ALL = [
    schedules.scheduler_never_stepped,
    schedules.scheduler_wrong_cadence,
    schedules.scheduler_before_optimizer,
]
DUE = [[0.1, 8], [0.03, 8], [0.009, 8]]  # three epochs of eight steps


def rates(*runs, number=0):
    return trace.Rates(optimizer=number, runs=[list(run) for run in runs], truncated=False)


def scheduler(gaps, cls="StepLR", horizon=-1, given=True):
    calls = sum(times for _, times in gaps)
    first = gaps[0][0] if gaps else -1
    return trace.Schedule(
        id=0, cls=cls, given=given, line=1, calls=calls, first_at=first, gaps=gaps, horizon=horizon
    )


def run(used, *more, due=DUE, per="epoch", epochs=3, **asked):
    """What the checks see of a run with these rates (None: no optimizer stepped)."""
    steps = sum(times for _, times in used) if used else 0
    records = [optimizer(), *more, *(a_pass(number) for number in range(epochs)), end({"S": steps, "B": 24})]
    if used:
        records.append(rates(*used))
    stated = {"rates": "rates_step", "rates_step": json.dumps(due), "schedule_per": per} if due else {}
    return facts(*records, **stated, **asked)


def found(seen):
    return {check.__name__ for check in ALL if isinstance(check(seen), Found)}


PER_EPOCH = scheduler([[8, 3]])


def test_the_rates_that_are_due_are_right_however_they_came():
    assert found(run(DUE, PER_EPOCH)) == set()
    assert found(run(DUE)) == set()
    assert found(run([[0.1, 8], [0.03 * (1 + 1e-9), 8], [0.009, 8]], scheduler([[8, 2]]))) == set()


def test_one_rate_in_all_steps_is_found():
    assert found(run([[0.1, 24]], scheduler([]))) == {"scheduler_never_stepped"}
    other = schedules.scheduler_never_stepped(run([[0.1, 24]], PER_EPOCH))
    assert "3 times, but it belongs to another optimizer" in other.evidence


@pytest.mark.parametrize(
    ("gaps", "words"), [([[24, 1]], "once"), ([[0, 2]], "2 times"), ([[24, 1], [0, 1]], "2")]
)
def test_calls_before_or_behind_all_steps_are_said_to_be_there(gaps, words):
    verdict = schedules.scheduler_never_stepped(run([[0.1, 24]], scheduler(gaps)))
    assert f"called {words}" in verdict.evidence
    assert "never between two steps" in verdict.evidence


def test_a_schedule_that_has_not_moved_yet_accuses_nobody():
    assert found(run([[0.1, 8]], scheduler([]), epochs=1)) == set()


def test_once_per_batch_instead_of_per_epoch_is_found_with_the_first_wrong_step():
    used = [[0.1 * 0.3**step, 1] for step in range(24)]
    verdict = schedules.scheduler_wrong_cadence(run(used, scheduler([[1, 24]])))
    assert verdict.numbers["first_wrong_step"] == 2
    assert verdict.numbers["rate_due"] == pytest.approx(0.1)
    assert "once for every batch" in verdict.evidence


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        ([[8, 3]], "once for every epoch"),
        ([[1, 24]], "every batch"),
        ([[1, 27]], "every batch and every epoch"),
    ],
)
def test_the_cadence_is_told_in_words(calls, words):
    verdict = schedules.scheduler_wrong_cadence(run([[0.1, 12], [0.03, 12]], scheduler(calls)))
    assert words in verdict.evidence


@pytest.mark.parametrize(("shift", "words"), [(1, "next step"), (-1, "last step")])
def test_rates_one_step_off_are_told_from_others(shift, words):
    due = [[round(0.1 - step / 500, 6), 1] for step in range(20)]
    used = [*due[1:], [0.5, 1]] if shift == 1 else [[0.5, 1], *due[:-1]]
    assert words in schedules.scheduler_wrong_cadence(run(used, due=due, per="batch")).evidence


def test_one_wrong_step_of_each_epoch_is_found():
    used = [[0.1, 7], [0.03, 8], [0.009, 9]]
    assert found(run(used, scheduler([[7, 1], [8, 2]]))) == {"scheduler_wrong_cadence"}


def test_a_call_too_early_is_a_warning_and_nothing_else():
    used = [[0.03, 8], [0.009, 8], [0.0027, 8]]
    seen = run(used, scheduler([[0, 1], [8, 2]]))
    assert found(seen) == {"scheduler_before_optimizer"}
    assert "Step 1 used 0.03, and 0.1 was due" in schedules.scheduler_before_optimizer(seen).evidence


def test_a_call_too_early_at_the_wrong_cadence_is_both():
    used = [[0.03 * 0.3**step, 1] for step in range(24)]
    assert found(run(used, scheduler([[0, 1], [1, 23]]))) == {
        "scheduler_wrong_cadence",
        "scheduler_before_optimizer",
    }


def test_a_step_that_the_scaler_skipped_is_no_call_too_early():
    early = scheduler([[0, 1], [1, 22]])
    skipped = pattern("DZFLBKHDZFLBS")
    assert found(run([[0.1, 24]], early, skipped, due=None)) == set()
    assert found(run([[0.1, 24]], early, pattern("DZFLBHS"), due=None)) == {"scheduler_before_optimizer"}


def test_calls_that_bring_a_resumed_schedule_to_its_place_are_not_flagged():
    assert found(run([[0.03, 24]], scheduler([[0, 3], [8, 3]]), due=None)) == set()


def test_a_group_that_stays_behind_is_found():
    tape = Tape()
    for number in range(6):
        tape.clear()
        tape.batch()
        tape.row("s", of=0, before=tape.reading(), params=tape.weights(), rates=[0.1 - number / 100, 0.1])
        tape.finish()
    due = [[0.1 - number / 100, 1] for number in range(6)]
    seen = facts(*counted(tape), rates(*due), rates="due", due=json.dumps(due))
    assert found(seen) == {"scheduler_never_stepped"}
    assert schedules.scheduler_never_stepped(seen).numbers["stuck_group"] == 2


def test_updates_by_hand_whose_rate_is_unknown_are_a_question():
    seen = run(None)
    assert schedules.scheduler_wrong_cadence(seen) == Clear() or isinstance(
        schedules.scheduler_wrong_cadence(seen), Unknown
    )
    assert found(seen) == set()


# ── without stated rates ─────────────────────────────────────────────────────────────────────────


def test_an_idle_scheduler_over_several_epochs_is_found():
    assert found(run([[0.1, 24]], scheduler([]), due=None)) == {"scheduler_never_stepped"}
    assert found(run([[0.1, 24]], scheduler([]), due=None, epochs=1)) == set()
    assert found(run([[0.1, 12], [0.05, 12]], scheduler([]), due=None)) == set()


@pytest.mark.parametrize(
    ("gaps", "cls", "horizon", "guilty"),
    [
        ([[1, 24]], "CosineAnnealingLR", 3, True),
        ([[8, 3]], "CosineAnnealingLR", 3, False),
        ([[8, 3]], "OneCycleLR", 24, True),
        ([[1, 24]], "OneCycleLR", 24, False),
        ([[1, 24]], "CosineAnnealingWarmRestarts", 3, False),
        ([[1, 24]], "StepLR", -1, False),
        ([[1, 24]], "CosineAnnealingLR", 12, False),
    ],
)
def test_a_horizon_in_the_other_unit_is_found(gaps, cls, horizon, guilty):
    seen = run([[0.1, 12], [0.05, 12]], scheduler(gaps, cls, horizon), due=None)
    assert found(seen) == ({"scheduler_wrong_cadence"} if guilty else set())


def own(used, *more):
    """A run whose schedule is the student's own."""
    return run(used, *more, due=None, schedule="own")


@pytest.mark.parametrize(
    ("cls", "horizon", "guilty"),
    [("CosineAnnealingLR", 12, True), ("CosineAnnealingLR", 20, False), ("LinearLR", 5, False)],
)
def test_a_schedule_of_ones_own_ends_with_the_run(cls, horizon, guilty):
    seen = own([[0.1, 12], [0.05, 12]], scheduler([[1, 24]], cls, horizon))
    assert found(seen) == ({"scheduler_wrong_cadence"} if guilty else set())


def ramp(*rates):
    return [[rate, 2] for rate in rates]


@pytest.mark.parametrize(
    ("used", "cls", "guilty"),
    [
        (ramp(0.1, 0.075, 0.05, 0.025, 0.0, 0.025, 0.05, 0.075), "LambdaLR", True),
        (ramp(0.1, 0.075, 0.05, 0.025, 0.0, 0.025, 0.05, 0.075, 0.100001), "SequentialLR", True),
        (ramp(0.1, 0.075, 0.05, 0.025, 0.0, -0.025, -0.05, -0.075), "LambdaLR", True),
        (ramp(0.0, 0.025, 0.05, 0.1, 0.075, 0.05, 0.025, 0.0), "LambdaLR", False),  # warm-up, then down
        (ramp(0.1, 0.05, 0.0, 0.1, 0.05, 0.0, 0.1, 0.05), "LambdaLR", False),  # starts again at once
        (ramp(0.1, 0.075, 0.05, 0.025, 0.0, 0.025, 0.05, 0.075), "CyclicLR", False),
        (ramp(0.1, 0.08, 0.06, 0.05, 0.06, 0.08, 0.1, 0.08), "LambdaLR", False),  # never at an end
    ],
)
def test_a_rate_that_climbs_from_its_end_was_called_too_often(used, cls, guilty):
    assert found(own(used, scheduler([[1, 16]], cls))) == ({"scheduler_wrong_cadence"} if guilty else set())


def test_a_rate_set_by_hand_may_do_as_it_likes():
    assert found(own(ramp(0.1, 0.075, 0.05, 0.025, 0.0, 0.025, 0.05, 0.075))) == set()


def test_a_scheduler_of_ones_own_that_moves_no_step_is_found():
    assert found(own([[0.1, 24]], scheduler([[24, 1]], "CosineAnnealingLR", 3))) == {
        "scheduler_never_stepped"
    }


def test_without_any_scheduler_there_is_nothing_to_find():
    assert found(run([[0.1, 24]], due=None)) == set()


# ── the traces ───────────────────────────────────────────────────────────────────────────────────


def test_calls_are_counted_up_to_each_step():
    assert calls_before_steps(scheduler([[0, 1], [2, 2]]), 6).tolist() == [1, 1, 2, 2, 3, 3]
    assert calls_before_steps(scheduler([]), 3).tolist() == [0, 0, 0]


def test_a_huge_trace_is_cut():
    assert len(expanded([[0.1, 10**9]])) == 100_000
