"""The catalogue: a complete entry for every slug, and a check for every one that is not a stop."""

import re

import pytest

from grader.catalogue import CATALOGUE, LIMITS, STUDENT_ERRORS, values
from grader.checks.registry import CHECKS, run_checks
from grader.exercise import load_exercise, slugs
from tests.grader.checks.tape import evidence

STOPS = {*STUDENT_ERRORS, *LIMITS}
JUDGED = {*values.ENTRIES, "checkpoint-incomplete", "resume-diverges"}
"""What the examiner finds in returned values; a few have a check beside that."""

PROMISED = [
    "missing-zero-grad",
    "zero-grad-after-backward",
    "step-before-backward",
    "missing-backward",
    "missing-step",
    "double-step",
    "accumulation-not-averaged",
    "optimizer-foreign-parameters",
    "optimizer-recreated",
    "not-shuffled",
    "drained-iterator",
    "same-batch-repeated",
    "trains-on-held-out",
    "softmax-before-cross-entropy",
    "non-finite-loss",
    "graph-leak",
    "sync-every-step",
    "wrong-hyperparameter",
    "accuracy-below-threshold",
    "syntax-error",
    "import-error",
    "crashed",
    "wrong-signature",
    "timed-out",
    "memory-exceeded",
    "output-exceeded",
    "unreadable-file",
]
"""Slugs are public API: none may go or be renamed."""


def test_every_promised_slug_has_an_entry():
    assert set(PROMISED) <= CATALOGUE.keys()


@pytest.mark.parametrize("slug", sorted(CATALOGUE))
def test_an_entry_says_what_why_and_how_to_mend_it(slug):
    entry = CATALOGUE[slug]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", slug)
    assert entry.title == entry.title.strip()
    assert entry.title[0].isupper() or entry.title[0] == "`"
    assert not entry.title.endswith(".")
    for text in (entry.why, entry.fix):
        assert text == text.strip()
        assert text[0].isupper() or text[0] == "`"
        assert text.endswith(".")
    assert entry.why != entry.fix


def test_titles_are_told_apart():
    titles = [entry.title for entry in CATALOGUE.values()]
    assert len(set(titles)) == len(titles)


def test_every_slug_has_a_check_unless_it_is_a_stop():
    run_checks(evidence(), load_exercise("linreg-torch"))
    assert CHECKS.keys() | JUDGED == CATALOGUE.keys() - STOPS
    assert CATALOGUE.keys() >= JUDGED
    assert CATALOGUE.keys() >= STOPS


def test_rubrics_name_only_slugs_that_exist():
    for slug in slugs():
        exercise = load_exercise(slug)
        named = {name for requirement in exercise.requirement for name in requirement.findings}
        assert named | set(exercise.notes) <= CATALOGUE.keys()


def test_a_note_is_never_a_requirement():
    for slug in slugs():
        for requirement in load_exercise(slug).requirement:
            assert all(CATALOGUE[name].severity != "note" for name in requirement.findings)
