"""Scoring: dependencies, what could not be checked, stops, and invariants that hold for any results."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.catalogue import LIMITS, STUDENT_ERRORS
from grader.exercise import Exercise
from grader.models import CheckResult, Finding, Verification
from grader.scoring import STOPS, score


def requirement(ident, points, findings, **more):
    return {"id": ident, "title": ident.title(), "points": points, "findings": findings, **more}


RUBRIC = [
    requirement("runs", 1, ["crashed", "timed-out"], required=True),
    requirement("moves", 2, ["missing-step"], required=True, needs=["runs"]),
    requirement("clears", 4, ["missing-zero-grad", "zero-grad-after-backward"], needs=["moves"]),
    requirement("data", 1, ["not-shuffled"]),
    requirement("learns", 2, ["accuracy-below-threshold"], needs=["moves"]),
]


def exercise(rubric=RUBRIC, **more):
    return Exercise.model_validate(
        {
            "slug": "x",
            "version": 1,
            "title": "X",
            "summary": "",
            "entry": "script",
            "pass_mark": 0.7,
            "limits": {"deadline": 1.0},
            "hidden": {"metric": "accuracy", "threshold": 0.9, "better": "higher"},
            "graded": {"inputs": 1, "outputs": 1, "shapes": [[1]]},
            "requirement": rubric,
            **more,
        }
    )


SLUGS = [slug for row in RUBRIC for slug in row["findings"] if slug not in STOPS]


def clear(slug):
    return CheckResult(slug=slug, status="clear")


def found(slug, severity="error"):
    finding = Finding(slug=slug, severity=severity, title=slug, evidence="", why="", fix="")
    return CheckResult(slug=slug, status="found", finding=finding)


def unknown(slug, reason="no steps seen"):
    return CheckResult(slug=slug, status="unknown", reason=reason)


def results(*special):
    return {slug: clear(slug) for slug in SLUGS} | {result.slug: result for result in special}


def status(scored):
    return {row.id: row.status for row in scored.requirements}


def told(scored):
    return [(finding.slug, finding.severity) for finding in scored.findings]


def test_a_loop_without_findings_has_full_marks():
    scored = score(exercise(), results())
    assert (scored.outcome, scored.passed, scored.score.points, scored.score.max) == ("graded", True, 10, 10)
    assert scored.findings == ()
    assert set(status(scored).values()) == {"passed"}


def test_an_error_costs_its_requirement():
    scored = score(exercise(), results(found("missing-zero-grad")))
    assert status(scored)["clears"] == "failed"
    assert (scored.score.points, scored.passed) == (6, False)
    assert scored.requirements[2].findings == ("missing-zero-grad",)


def test_a_warning_costs_and_a_note_does_not():
    assert score(exercise(), results(found("not-shuffled", "warning"))).score.points == 9
    scored = score(exercise(), results(found("not-shuffled", "note")))
    assert (scored.score.points, told(scored)) == (10, [("not-shuffled", "note")])


def test_what_the_exercise_calls_a_note_never_costs():
    lenient = exercise(notes=["not-shuffled", "sync-every-step"])
    scored = score(lenient, results(found("not-shuffled"), found("sync-every-step", "warning")))
    assert (scored.score.points, scored.passed) == (10, True)
    assert told(scored) == [("not-shuffled", "note"), ("sync-every-step", "note")]


def test_a_note_that_could_not_be_told_leaves_its_requirement_alone():
    assert score(exercise(notes=["not-shuffled"]), results(unknown("not-shuffled"))).score.max == 10


def test_what_waits_for_a_failed_requirement_fails_and_raises_nothing():
    scored = score(exercise(), results(found("missing-step"), found("missing-zero-grad")))
    assert told(scored) == [("missing-step", "error")]
    assert scored.requirements[2].status == "failed"
    assert scored.requirements[2].reason == "waits for: Moves"
    assert scored.requirements[2].findings == ()
    assert scored.score.points == 2


def test_waiting_goes_down_a_chain():
    rubric = [requirement("a", 1, ["s1"]), requirement("b", 1, ["s2"], needs=["a"])]
    rubric.append(requirement("c", 1, ["s3"], needs=["b"]))
    given_ = {"s1": found("s1"), "s2": clear("s2"), "s3": found("s3")}
    assert set(status(score(exercise(rubric), given_)).values()) == {"failed"}


def test_a_dependency_that_could_not_be_checked_passes_that_on_and_only_notes_remain():
    rubric = [
        requirement("a", 1, ["s1"]),
        requirement("b", 1, ["s2"], needs=["a"]),
        requirement("c", 8, ["s3"]),
    ]
    scored = score(exercise(rubric), {"s1": unknown("s1"), "s2": found("s2"), "s3": clear("s3")})
    assert status(scored) == {"a": "could-not-check", "b": "could-not-check", "c": "passed"}
    assert scored.requirements[1].reason == "waits for: A"
    assert told(scored) == [("s2", "note")]


def test_a_finding_outweighs_a_check_that_could_not_tell():
    scored = score(exercise(), results(found("missing-zero-grad"), unknown("zero-grad-after-backward")))
    assert status(scored)["clears"] == "failed"


def test_points_that_could_not_be_checked_leave_both_sides():
    scored = score(exercise(), results(unknown("not-shuffled", "no loader was seen")))
    assert (scored.outcome, scored.passed) == ("graded", True)
    assert (scored.score.points, scored.score.max) == (9, 9)
    row = scored.requirements[3]
    assert (row.status, row.points, row.max, row.reason) == ("could-not-check", None, 1, "no loader was seen")


def test_a_quarter_unchecked_is_graded_and_more_needs_a_person():
    rubric = [requirement("a", 1, ["s1"]), requirement("b", 3, ["s2"])]
    given_ = {"s1": unknown("s1"), "s2": clear("s2")}
    assert score(exercise(rubric), given_).outcome == "graded"
    rubric[0]["points"] = 1.01
    scored = score(exercise(rubric), given_)
    assert (scored.outcome, scored.passed, scored.score.points) == ("needs_person", None, None)
    assert scored.score.max == pytest.approx(4.01)


def test_a_required_line_that_could_not_be_checked_is_not_passed():
    rubric = [requirement("a", 1, ["s1"], required=True), requirement("b", 9, ["s2"])]
    scored = score(exercise(rubric), {"s1": unknown("s1"), "s2": clear("s2")})
    assert (scored.outcome, scored.passed, scored.score.points) == ("graded", False, 9)


def test_a_required_line_that_fails_is_not_passed_whatever_the_points():
    rubric = [requirement("a", 0, ["s1"], required=True), requirement("b", 9, ["s2"])]
    scored = score(exercise(rubric), {"s1": found("s1"), "s2": clear("s2")})
    assert (scored.passed, scored.score.points) == (False, 9)


def test_the_pass_mark_is_reached_despite_rounding():
    rubric = [requirement(f"r{index}", 0.1, [f"s{index}"]) for index in range(10)]
    given_ = {f"s{index}": (found if index < 3 else clear)(f"s{index}") for index in range(10)}
    assert score(exercise(rubric), given_).passed is True
    given_["s3"] = found("s3")
    assert score(exercise(rubric), given_).passed is False


def test_a_slug_of_the_rubric_that_nobody_checked_is_not_taken_as_clear():
    given_ = results()
    del given_["not-shuffled"]
    scored = score(exercise(), given_)
    assert status(scored)["data"] == "could-not-check"
    assert "not-shuffled was not checked" in scored.requirements[3].reason


def test_low_accuracy_is_an_error_alone_and_a_note_beside_another_error():
    alone = score(exercise(), results(found("accuracy-below-threshold")))
    assert told(alone) == [("accuracy-below-threshold", "error")]
    explained = score(exercise(), results(found("accuracy-below-threshold"), found("missing-zero-grad")))
    assert told(explained) == [("missing-zero-grad", "error"), ("accuracy-below-threshold", "note")]
    row = explained.requirements[4]
    assert (row.status, row.points, row.reason) == ("failed", 0, "follows from: missing-zero-grad")
    warned = score(exercise(), results(found("accuracy-below-threshold"), found("not-shuffled", "warning")))
    assert told(warned)[1] == ("accuracy-below-threshold", "note")


def test_a_graph_leak_does_not_explain_low_accuracy():
    leaking = score(exercise(), results(found("accuracy-below-threshold"), found("graph-leak", "warning")))
    assert ("accuracy-below-threshold", "error") in told(leaking)


def test_findings_come_by_weight_and_then_in_the_rubrics_order():
    given_ = results(
        found("sync-every-step", "note"),
        found("not-shuffled"),
        found("missing-zero-grad", "warning"),
        found("zero-grad-after-backward"),
    )
    assert told(score(exercise(), given_)) == [
        ("zero-grad-after-backward", "error"),
        ("not-shuffled", "error"),
        ("missing-zero-grad", "warning"),
        ("sync-every-step", "note"),
    ]


def test_a_slug_in_two_lines_is_told_once_and_stays_while_one_of_them_stands():
    rubric = [
        requirement("a", 1, ["s1"]),
        requirement("b", 1, ["s2"], needs=["a"]),
        requirement("c", 1, ["s2"]),
    ]
    scored = score(exercise(rubric), {"s1": found("s1"), "s2": found("s2")})
    assert told(scored) == [("s1", "error"), ("s2", "error")]


@pytest.mark.parametrize("stop", sorted(STOPS))
def test_a_stop_of_the_students_making_reaches_nothing(stop):
    scored = score(
        exercise(), results(found(stop), found("missing-zero-grad"), unknown("not-shuffled")), stop
    )
    assert scored.outcome == ("student_error" if stop in STUDENT_ERRORS else "limit_exceeded")
    assert (scored.passed, scored.score.points, scored.score.max) == (False, 0, 10)
    assert told(scored) == [(stop, "error")]
    assert set(status(scored).values()) == {"failed"}
    own = [row.id for row in scored.requirements if row.findings == (stop,)]
    assert own == (["runs"] if stop in ("crashed", "timed-out") else [])
    assert scored.requirements[-1].reason == "not reached"


def test_the_two_kinds_of_stop_do_not_overlap():
    assert not set(STUDENT_ERRORS) & set(LIMITS)


@pytest.mark.parametrize("stop", ["missing-step", "crashed"])
def test_a_stop_without_a_finding_is_a_bug_of_ours(stop):
    with pytest.raises(ValueError, match="no stop"):
        score(exercise(), results(), stop)


SOME = ["s0", "s1", "s2", "s3", "accuracy-below-threshold"]


@st.composite
def rubrics(draw):
    count = draw(st.integers(1, 5))
    return [
        requirement(
            f"r{index}",
            draw(st.floats(0, 10)),
            draw(st.lists(st.sampled_from(SOME), min_size=1, max_size=3)),
            required=draw(st.booleans()),
            needs=draw(st.lists(st.sampled_from([f"r{i}" for i in range(index)]), max_size=2))
            if index
            else [],
        )
        for index in range(count)
    ]


def conclusions(slug):
    findings = st.sampled_from(["error", "warning", "note"]).map(lambda severity: found(slug, severity))
    return st.just(clear(slug)) | st.just(unknown(slug)) | findings


ANY = st.fixed_dictionaries({slug: conclusions(slug) for slug in SOME})


@given(rubrics(), ANY, st.lists(st.sampled_from(SOME), max_size=1))
def test_the_invariants_hold(rubric, given_, notes):
    given_exercise = exercise(rubric, notes=notes)
    scored = score(given_exercise, given_)
    rows = {row.id: row for row in scored.requirements}
    assert list(rows) == [item["id"] for item in rubric]
    assert (scored.passed is None) == (scored.outcome == "needs_person") == (scored.score.points is None)
    if scored.score.points is not None:
        assert 0 <= scored.score.points <= scored.score.max <= given_exercise.max_points + 1e-9
    slugs = [finding.slug for finding in scored.findings]
    assert len(slugs) == len(set(slugs))
    ranks = [["error", "warning", "note"].index(finding.severity) for finding in scored.findings]
    assert ranks == sorted(ranks)
    if scored.passed:
        assert all(row.status == "passed" for row in scored.requirements if row.required)
    for item in rubric:
        needs = {rows[name].status for name in item.get("needs", [])}
        row = rows[item["id"]]
        if "failed" in needs:
            assert (row.status, row.findings) == ("failed", ())
        elif "could-not-check" in needs:
            assert row.status == "could-not-check"
    for slug in slugs:
        owners = [item for item in rubric if slug in item["findings"]]
        blocked = [any(rows[name].status == "failed" for name in item["needs"]) for item in owners]
        assert slug in notes or not owners or not all(blocked)


@given(rubrics(), ANY, st.sampled_from(SOME))
def test_mending_a_finding_never_costs_points(rubric, given_, slug):
    before = score(exercise(rubric), given_)
    after = score(exercise(rubric), {**given_, slug: clear(slug)})
    gained = {row.id: row.points or 0 for row in after.requirements}
    assert all(gained[row.id] >= (row.points or 0) for row in before.requirements)


@given(rubrics(), ANY)
def test_the_same_results_in_another_order_score_the_same(rubric, given_):
    turned = dict(reversed(list(given_.items())))
    assert score(exercise(rubric), given_) == score(exercise(rubric), turned)


# ── verification ─────────────────────────────────────────────────────────────────────────────────


def verified(status, method="replay"):
    return Verification(status=status, method=method)


@pytest.mark.parametrize("wrong", [True, False])
def test_a_run_that_came_to_something_else_is_for_a_person_whatever_was_found(wrong):
    given_ = results(found("missing-step")) if wrong else results()
    scored = score(exercise(), given_, "", verified("unverified"))
    assert (scored.outcome, scored.passed, scored.score.points) == ("needs_person", None, None)
    assert scored.findings == score(exercise(), given_).findings


def test_what_could_not_be_done_again_may_fail_but_not_pass():
    assert score(exercise(), results(), "", verified("observed")).outcome == "needs_person"
    failed = score(exercise(), results(found("missing-step")), "", verified("observed"))
    assert failed == score(exercise(), results(found("missing-step")))
    assert failed.passed is False


@pytest.mark.parametrize(
    "verification",
    [None, verified("verified"), verified("verified", "answers"), verified("observed", "none")],
)
def test_what_is_verified_or_was_not_to_be_is_scored_as_ever(verification):
    assert score(exercise(), results(), "", verification) == score(exercise(), results())


def test_a_run_that_ended_itself_scores_nothing_verified_or_not():
    scored = score(exercise(), {"crashed": found("crashed")}, "crashed", verified("unverified"))
    assert (scored.outcome, scored.passed, scored.score.points) == ("student_error", False, 0.0)
