"""Any report that the model allows can be shown in every format, and its page stays inert."""

from hypothesis import given, settings
from hypothesis import strategies as st

from grader.models import (
    EXIT_CODES,
    Beats,
    Finding,
    Measurement,
    Override,
    Place,
    Report,
    RequirementResult,
    SandboxFacts,
    Score,
)
from grader.render import render, renderers
from tests.grader.render.markup import Page, assert_inert, assert_links_lead_somewhere

NUMBER, COUNT = st.floats(), st.integers()
MAYBE = st.none() | NUMBER
TEXT = st.text(st.characters(exclude_categories=[]), max_size=12)
BASIS = st.sampled_from(["verified", "observed", "unverified"])


def some(strategy):
    return st.lists(strategy, max_size=3).map(tuple)


FINDING = st.builds(
    Finding,
    slug=TEXT,
    severity=st.sampled_from(["error", "warning", "note"]),
    title=TEXT,
    evidence=TEXT,
    where=some(st.builds(Place, line=COUNT, code=TEXT)),
    why=TEXT,
    fix=TEXT,
    basis=BASIS,
    numbers=st.dictionaries(TEXT, MAYBE, max_size=2),
)
ROW = st.builds(
    RequirementResult,
    id=TEXT,
    title=TEXT,
    status=st.sampled_from(["passed", "failed", "could-not-check"]),
    points=MAYBE,
    max=NUMBER,
    required=st.booleans(),
    reason=TEXT,
    findings=some(TEXT),
)
REPORT = st.builds(
    Report,
    schema_version=COUNT,
    **dict.fromkeys(
        ("grader_version", "report_id", "exercise", "exercise_title", "filename", "sha256"), TEXT
    ),
    **dict.fromkeys(("student", "summary", "source", "output"), TEXT),
    exercise_version=COUNT,
    outcome=st.sampled_from(sorted(EXIT_CODES)),
    passed=st.none() | st.booleans(),
    score=st.builds(Score, points=MAYBE, max=NUMBER),
    findings=some(FINDING),
    requirements=some(ROW),
    measurement=st.none()
    | st.builds(
        Measurement,
        metric=TEXT,
        value=MAYBE,
        threshold=NUMBER,
        better=st.sampled_from(["higher", "lower"]),
        samples=COUNT,
        basis=BASIS,
        reason=TEXT,
    ),
    beats=st.none() | st.builds(Beats, pattern=TEXT, lines=some(COUNT), steps=COUNT, epochs=MAYBE),
    losses=some(MAYBE),
    loss_steps=some(COUNT),
    output_truncated=st.booleans(),
    sandbox=st.none()
    | st.builds(SandboxFacts, launcher=TEXT, isolated=st.booleans(), torch=TEXT, seconds=NUMBER),
    seconds=NUMBER,
    override=st.none()
    | st.builds(Override, points=NUMBER, passed=st.booleans(), reason=TEXT, who=TEXT, when=TEXT),
)


@settings(deadline=None)
@given(REPORT)
def test_any_report_is_shown_in_every_format(report):
    for form in renderers():
        render(report, form).encode()
    page = Page(render(report, "html"))
    assert_inert(page)
    assert_links_lead_somewhere(page)
