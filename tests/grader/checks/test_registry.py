"""The registry runs the checks, sets the basis, and turns our own failures into "cannot tell"."""

import dataclasses
from inspect import signature

import pytest

from grader.checks import registry
from grader.checks.registry import Clear, Facts, Found, Unknown, places, reaches, run_checks
from grader.exercise import load_exercise, slugs
from grader.models import Evidence, Measurement, Verification
from sandbox import trace
from tests.grader.checks.tape import SOURCE, Tape, counted, end, evidence, facts, order, pattern


def measurement(value, *, basis="observed", better="higher", reason=""):
    return Measurement(
        metric="accuracy",
        value=value,
        threshold=0.9,
        better=better,
        samples=5000,
        basis=basis,
        reason=reason,
    )


LINREG = load_exercise("linreg-torch")


def run_with(monkeypatch, function, slug="missing-step"):
    monkeypatch.setitem(registry.CHECKS, slug, function)
    return run_checks(evidence(), LINREG)[slug]


def test_every_slug_of_rubric_and_notes_gets_one_result():
    for slug in slugs():
        exercise = load_exercise(slug)
        results = run_checks(evidence(), exercise)
        wanted = {key for requirement in exercise.requirement for key in requirement.keys}
        assert results.keys() == wanted | set(exercise.notes)
        assert all(result.slug == key.partition("@")[0] for key, result in results.items())


def test_clear_unknown_and_found_become_results(monkeypatch):
    clear = run_with(monkeypatch, lambda facts: Clear())
    assert (clear.status, clear.finding, clear.reason) == ("clear", None, "")
    unknown = run_with(monkeypatch, lambda facts: Unknown("no step was seen"))
    assert (unknown.status, unknown.finding, unknown.reason) == ("unknown", None, "no step was seen")
    found = run_with(monkeypatch, lambda facts: Found("It is so.", (2, 0, 1, 2), {"steps": 3}))
    assert found.status == "found"
    assert (found.finding.evidence, found.finding.numbers) == ("It is so.", {"steps": 3})
    assert [(place.line, place.code) for place in found.finding.where] == [(1, SOURCE[0]), (2, SOURCE[1])]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyError, IndexError, TypeError, trace.TraceError])
def test_a_check_that_raises_is_unknown_and_accuses_nobody(monkeypatch, error):
    def broken(facts):
        raise error("loop.py: secret")

    result = run_with(monkeypatch, broken)
    assert (result.status, result.reason) == ("unknown", f"our check failed ({error.__name__})")


def test_a_broken_ledger_leaves_what_rests_on_it_unknown():
    rows = counted(Tape().right_steps(4))
    bad = [dataclasses.replace(row, before="x") if isinstance(row, trace.Row) else row for row in rows]
    results = run_checks(evidence(*bad), LINREG)
    for slug in ("missing-zero-grad", "double-step", "step-before-backward", "accumulation-not-averaged"):
        assert results[slug].status == "unknown"
    assert all(result.status != "found" for slug, result in results.items() if slug != "drained-iterator")


def test_a_slug_without_a_check_is_unknown(monkeypatch):
    monkeypatch.delitem(registry.CHECKS, "missing-step")
    assert run_checks(evidence(), LINREG)["missing-step"].status == "unknown"


def test_a_run_in_which_our_own_spies_failed_accuses_nobody_but_the_hidden_test_stands():
    records = (end({"B": 9}, moved=False, failures=1),)
    results = run_checks(evidence(*records, measurement=measurement(0.5)), LINREG)
    assert results["missing-step"].status == "unknown"
    assert results["accuracy-below-threshold"].status == "found"
    assert run_checks(evidence(end({"B": 9}, moved=False)), LINREG)["missing-step"].status == "found"


def test_only_the_catalogues_slugs_can_have_a_check():
    with pytest.raises(KeyError, match="nonsense"):
        registry.check("nonsense")(lambda facts: Clear())
    assert "nonsense" not in registry.CHECKS


@pytest.mark.parametrize("status", ["observed", "unverified", "verified"])
def test_a_findings_basis_is_the_replays_and_not_the_checks(status):
    bad = evidence(end({"B": 9}, moved=False))
    replayed = dataclasses.replace(bad, verification=Verification(status=status, method="replay"))
    assert run_checks(replayed, LINREG)["missing-step"].finding.basis == status


def test_answers_that_were_computed_anew_vouch_for_no_trace():
    bad = evidence(end({"B": 9}, moved=False))
    answered = dataclasses.replace(bad, verification=Verification(status="verified", method="answers"))
    assert run_checks(answered, LINREG)["missing-step"].finding.basis == "observed"


def test_no_replay_proves_a_habit():
    told = evidence(end({"B": 9}), trace.Sync(calls=9, steps=9, line=1))
    verified = dataclasses.replace(told, verification=Verification(status="verified", method="replay"))
    result = run_checks(verified, LINREG)["sync-every-step"]
    assert (result.status, result.finding.basis) == ("found", "observed")


@pytest.mark.parametrize("basis", ["observed", "verified"])
def test_the_hidden_tests_finding_has_the_measurements_basis(basis):
    measured = measurement(0.5, basis=basis)
    found = run_checks(evidence(measurement=measured), LINREG)["accuracy-below-threshold"]
    assert found.finding.basis == basis


def test_neither_a_verdict_nor_a_check_can_name_a_basis():
    assert {field.name for field in dataclasses.fields(Found)} == {"evidence", "lines", "numbers"}
    run_checks(evidence(), LINREG)
    for function in registry.CHECKS.values():
        assert list(signature(function).parameters) == ["facts"]


def test_checks_get_neither_path_nor_file_name():
    names = {field.name for field in dataclasses.fields(Evidence)}
    told = {"records", "source", "stop", "stop_text", "measurement", "parameters", "judged", "judged_basis"}
    told |= {"verification", "untrained"}
    assert names == told
    seen = facts()
    assert set(vars(seen)) == {"evidence", "exercise"}
    offered = {name for name in (*names, *dir(seen), *dir(seen.evidence)) if not name.startswith("__")}
    assert not {name for name in offered if "file" in name or "path" in name or "name" in name}


# ── facts ────────────────────────────────────────────────────────────────────────────────────────


def test_beats_are_counted_from_the_end_else_from_the_last_sign_of_life():
    early = trace.Progress(steps=1, counts={"S": 1}, line=3)
    late = trace.Progress(steps=2, counts={"S": 2}, line=3)
    assert facts().count("SB") == 0
    assert facts(early, late).count("S") == 2
    tape = Tape().right_steps(3)
    assert facts(early, *counted(tape)).count("SB") == 6


def test_patterns_are_counted_through_nested_repeats():
    seen = facts(order([[[0, 7], [1, 1]], 3], [2, 1]))
    assert seen.pattern_times == {0: 21, 1: 3, 2: 1}


@pytest.mark.parametrize("items", [[[0]], [[0, "x"]], [0], [["x", 1]], [[[0, 1, 2], 1]], [[None, None]]])
def test_an_order_of_nonsense_counts_nothing(items):
    assert facts(trace.Order(items=items, truncated=False)).pattern_times == {}


def test_an_order_that_is_nested_without_end_is_left_alone():
    items = [[0, 1]]
    for _ in range(500):
        items = [[items, 2]]
    assert facts(trace.Order(items=items, truncated=False)).pattern_times == {}


def test_the_line_of_a_beat_is_that_of_the_commonest_pattern():
    rare = trace.Pattern(id=0, beats="S", lines=[2])
    common = trace.Pattern(id=1, beats="BS", lines=[0, 4])
    seen = facts(rare, common, order([0, 1], [1, 9]))
    assert (seen.line_of("S"), seen.line_of("B"), seen.line_of("Z")) == (4, 0, 0)


def test_the_numbers_handed_in_come_before_the_stated_ones():
    assert (facts().epochs, facts().samples) == (3, 128)
    mnist = facts(exercise="mnist-from-memory")
    assert mnist.epochs == 3
    bare = Facts(Evidence(records=(), source=()), load_exercise("mnist-from-memory"))
    assert (bare.epochs, bare.samples) == (5, 0)
    assert facts(samples="many", epochs="few").samples == 0


@pytest.mark.parametrize(
    ("better", "value", "good"),
    [
        ("higher", 0.9, True),
        ("higher", 0.8999, False),
        ("lower", 0.9, True),
        ("lower", 0.9001, False),
        ("higher", float("nan"), False),
        ("lower", float("nan"), False),
        ("lower", float("-inf"), True),
        ("lower", None, False),
    ],
)
def test_a_threshold_is_reached_on_its_right_side_and_never_by_nan(better, value, good):
    measured = measurement(value, better=better)
    assert reaches(measured) is good
    assert facts(measurement=measured).good is good
    assert facts().good is False


def test_lines_outside_the_file_are_left_out():
    assert places([0, -3, len(SOURCE) + 1, 10**9], evidence()) == ()
    assert [place.line for place in places([4, 2, 4], evidence())] == [2, 4]


def test_a_long_line_of_code_is_cut():
    long = Evidence(records=(), source=("x" * 5000,))
    assert len(places([1], long)[0].code) == 400


def test_a_pattern_with_fewer_lines_than_beats_is_read_as_far_as_it_goes():
    assert facts(trace.Pattern(id=0, beats="ZFLBS", lines=[9]), order([0, 3])).line_of("S") == 0
    assert facts(pattern("ZS"), order([0, 3])).line_of("S") == 7
