"""A fixed sample of all mutants, graded: what is bad is found, and nothing else is flagged.

`make bench-detection` grades all of them, of all exercises.  The sample holds twenty mutants of each operator (all,
where it has fewer), of the exercises that are quick to grade first: a mutant of the last ones costs seconds, so they
only fill up operators that the others have too few of.
"""

from __future__ import annotations

from collections import defaultdict

import pytest

from grader.exercise import slugs
from tests.mutation import missed
from tests.mutation.bench import Result, all_mutants, judge_all, sample
from tests.mutation.operators import OPERATORS

pytestmark = pytest.mark.xdist_group("mutation")

EACH = 20
SEED = 4
QUICK_FIRST = (
    *("linreg-torch", "sgd-from-scratch", "lr-schedules"),
    *("mixed-precision", "train-and-validate", "lm-accumulation"),
)


@pytest.fixture(scope="module")
def results() -> dict[str, list[Result]]:
    """The judged sample by operator."""
    everything = all_mutants([slug for slug in QUICK_FIRST if slug in slugs()])
    by_operator: dict[str, list[Result]] = defaultdict(list)
    for item in judge_all(sample(everything, EACH, SEED, QUICK_FIRST)):
        by_operator[item.mutant.operator].append(item)
    return by_operator


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_bad_mutant_is_found(results: dict[str, list[Result]], operator: str) -> None:
    unknown = [item for item in results[operator] if item.missed and not missed.known(item.mutant)]
    assert [(item.mutant.name, item.reason) for item in unknown] == []


@pytest.mark.parametrize("operator", OPERATORS)
def test_no_other_mutant_is_flagged(results: dict[str, list[Result]], operator: str) -> None:
    false = [item for item in results[operator] if item.false]
    assert [(item.mutant.name, item.found) for item in false] == []
