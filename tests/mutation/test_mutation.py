"""A fixed sample of all mutants, graded: what is bad is found, and nothing else is flagged.

`make bench-detection` grades all of them.  The sample holds twenty mutants of each operator (all, where it has
fewer), from the exercises that are quick to grade first, because a mutant of mnist-from-memory costs seconds.
"""

from __future__ import annotations

from collections import defaultdict

import pytest

from grader.exercise import slugs
from tests.mutation import missed
from tests.mutation.bench import Result, all_mutants, judge_all, sample, trains_a_module
from tests.mutation.operators import OPERATORS

pytestmark = pytest.mark.xdist_group("mutation")

EACH = 20
SEED = 4
SLOW = {"mnist-from-memory"}


@pytest.fixture(scope="module")
def results() -> dict[str, list[Result]]:
    """The judged sample by operator."""
    exercises = [slug for slug in slugs() if trains_a_module(slug)]
    quick = [slug for slug in exercises if slug not in SLOW]
    by_operator: dict[str, list[Result]] = defaultdict(list)
    for item in judge_all(sample(all_mutants(exercises), EACH, SEED, quick)):
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
