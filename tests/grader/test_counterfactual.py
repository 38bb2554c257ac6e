"""Asking for the bug whose numbers a run has, and saying which it is."""

import pytest

from grader.catalogue import CATALOGUE
from grader.counterfactual import Match, counterfactual, told, with_counterfactual
from grader.examine import Prepared
from grader.exercise import load_exercise
from grader.launch.lines import Lines
from grader.models import Counterfactual, Verification
from sandbox import trace
from tests.grader.fakes import FakeLauncher, answer, examiner

EXERCISE = load_exercise("linreg-torch")
PREPARED = Prepared({"x.npy": b"x"}, {"y.npy": b"y"}, {"epochs": 3})
JOB = {
    "entry": "function",
    "name": "train",
    "defines": ["train"],
    "seeds": {},
    "parameters": {},
    "shapes": [],
    "own": None,
    "traced": False,
    "deadline": 9.0,
}
RECORDS = [
    trace.Hash(step=0, sha256="a"),
    trace.Sync(calls=1, steps=1, line=1),
    trace.Hash(step=9, sha256="b"),
]
NAMED = Counterfactual(slug="double-step", slugs=("double-step",), text="the weights are …", distance=0.0)


def match(slug, **changes):
    fields = {"computes": "", "function": "", "distance": 0.0, "steps": 9, "whole": True}
    return Match(slug=slug, **{**fields, **changes})


def ask(*answers_, exercise=EXERCISE, records=RECORDS, found=("double-step",)):
    asked = examiner(*answers_)
    launcher = FakeLauncher(sandbox=[], examiner=[asked])
    with Lines(launcher) as lines:
        return counterfactual(lines, exercise, JOB, PREPARED, records, found), asked


def test_the_request_holds_the_training_files_and_only_hashes_and_answers():
    item = {"slug": "double-step", "computes": "", "function": "", "distance": 0.0, "steps": 9, "whole": True}
    named, asked = ask(answer({"matches": [item]}))
    (request,) = asked.requests
    assert request["op"] == "counterfactual"
    assert request["seconds"] == EXERCISE.budget
    assert request["found"] == ["double-step"]
    assert "deadline" not in request["job"]
    assert set(asked.files) == {"training/x.npy", "trace.jsonl"}
    lines = asked.files["trace.jsonl"].splitlines()
    assert [trace.decode(line) for line in lines] == [RECORDS[0], RECORDS[2]]
    assert named == Counterfactual(
        slug="double-step",
        slugs=("double-step",),
        text=f"the weights are exactly what {CATALOGUE['double-step'].computes} computes",
        distance=0.0,
    )


@pytest.mark.parametrize("given", [{"matches": []}, {"error": "it broke"}, {}, {"matches": [{"slug": "x"}]}])
def test_without_a_match_or_an_answer_nothing_is_said(given):
    assert ask(answer(given))[0] is None


@pytest.mark.parametrize(
    ("changes", "records"),
    [({"entry": "script"}, RECORDS), ({"budget": 0.0}, RECORDS), ({}, [RECORDS[1]]), ({}, [])],
)
def test_nobody_is_asked_where_there_is_nothing_to_compare(changes, records):
    exercise = EXERCISE.model_copy(update=changes)
    named, asked = ask(exercise=exercise, records=records)
    assert named is None
    assert asked.requests == []


def test_of_a_class_the_one_that_was_found_is_named():
    both = [match("missing-backward"), match("missing-step")]
    named = told(both, ["wrong-loss", "missing-step"])
    assert (named.slug, named.slugs) == ("missing-step", ("missing-backward", "missing-step"))
    assert named.text == f"the weights are exactly what {CATALOGUE['missing-step'].computes} computes"


def test_of_a_class_of_which_none_was_found_all_are_told():
    named = told([match("missing-backward"), match("missing-step")], ["wrong-loss"])
    assert named.slug == "missing-backward"
    for slug in ("missing-backward", "missing-step"):
        assert CATALOGUE[slug].computes in named.text


def test_a_bugs_own_words_go_before_its_findings():
    named = told([match("wrong-value", computes="half of the error", function="mse", distance=1e-16)], [])
    assert named.text == "what `mse` gave is exactly what half of the error computes"
    assert named.distance == 1e-16


def test_a_match_that_was_not_followed_to_the_end_says_how_far():
    named = told([match("double-step", whole=False, steps=64)], [])
    assert named.text.startswith("through step 64 the weights are")


def test_a_verification_is_kept_and_only_names_the_bug():
    before = Verification(status="verified", method="replay", steps=9, distance=0.0)
    after = with_counterfactual(before, NAMED, isolated=True)
    assert after == before.model_copy(update={"counterfactual": NAMED})
    assert with_counterfactual(before, None, isolated=True) is before
    assert with_counterfactual(None, None, isolated=False) is None


def test_what_was_not_verified_is_observed():
    found = with_counterfactual(None, NAMED, isolated=False)
    assert (found.status, found.method, found.counterfactual) == ("observed", "none", NAMED)
    assert "on this machine" in found.reason
