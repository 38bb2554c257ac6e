"""The class page: the numbers, who waits for a person, and every entry with its link."""

import shlex
import time
from urllib.parse import unquote

from grader.gradebook import Entry, Gradebook
from grader.render.classpage import render_class
from tests.grader.render import hostile
from tests.grader.render.markup import Page, assert_inert, assert_links_lead_somewhere


def entry(student, outcome="graded", passed=True, points=9.0, **more):
    return Entry(
        student=student, file="loop.py", outcome=outcome, passed=passed, points=points, max=10.0, **more
    )


def book(*entries, **more):
    return Gradebook(
        exercise="linreg-torch", exercise_title="A line", exercise_version=1, entries=entries, **more
    )


def page(*entries, **more):
    return Page(render_class(book(*entries, **more)))


CLASS = (
    entry("ada", name="Ada Lovelace", report="reports/ada.html"),
    entry("bo", passed=False, points=2.0, findings=("double-step", "not-shuffled"), late=True),
    entry("cy", outcome="student_error", passed=False, points=0.0, findings=("double-step",)),
    entry("d e", outcome="needs_person", passed=None, points=None, remark="no loader was seen"),
    entry("eve", outcome="grader_error", passed=None, points=None, remark="the sandbox broke"),
    entry("fay", overridden=True),
)


def test_the_numbers_add_up():
    text = page(*CLASS).text
    assert "✓ 2 passed ✗ 2 not passed ? 1 needs a person – 1 without a result" in text
    assert "6 submissions" in text
    assert "4 submissions with points" in text
    assert "median 55 %" in text


def test_the_head_counts_and_each_line_tells_how_far_it_was_verified():
    verified, observed = entry("ada", verification="verified"), entry("bo", verification="observed")
    told = entry("cy", verification="unverified", outcome="needs_person", passed=None, points=None)
    text = page(verified, observed, told, entry("dan")).text
    assert "1 verified, 1 observed, 1 unverified, 1 without verification" in text
    table = text[text.index("Student Result Points") :]
    for line in (
        "ada loop.py · verified ✓ passed",
        "bo loop.py · observed ✓ passed",
        "cy loop.py · unverified ? needs a person",
        "dan loop.py ✓ passed",
    ):
        assert line in table
    assert "without verification" not in page().text


def test_who_needs_a_person_stands_with_the_command_that_settles_it():
    text = page(*CLASS).text
    assert "d e: no loader was seen grade override OUT 'd e' --points N --reason \"…\"" in text
    assert "eve: the sandbox broke" in text


def test_a_name_is_always_one_argument_of_the_command():
    for student in ("$(rm -rf ~)", "-x", "a'b", "a;b", "`id`"):
        pages = page(entry(student, outcome="needs_person", passed=None, points=None))
        line = next(text for text in pages.texts if text.startswith("grade override"))
        words = shlex.split(line)
        assert words.count(student) == 1
        assert not student.startswith("-") or words[-2:] == ["--", student]


def test_the_commonest_findings_come_first_with_their_titles():
    text = page(*CLASS, titles={"double-step": "Two steps"}).text
    assert "Two steps double-step 2 of 6" in text
    assert text.index("Two steps double-step") < text.index("not-shuffled not-shuffled 1 of 6")


def test_entries_link_to_their_reports():
    odd = "reports/ä b/#1?.html"
    links = [link["href"] for link in page(*CLASS, entry("odd", report=odd)).all("a")]
    assert "./reports/ada.html" in links
    assert unquote(links[-1]) == f"./{odd}"
    assert "#" not in links[-1]


def test_a_report_never_leads_elsewhere():
    for report in (
        "javascript:alert(1)",
        "//evil.example",
        "https://evil.example",
        "../../etc/passwd",
        "data:x",
    ):
        (link,) = page(entry("ada", report=report)).all("a")
        assert link["href"].startswith("./")
        assert ".." not in link["href"]
        assert ":" not in link["href"]


def test_lists_that_are_empty_have_no_heading():
    bare = page().text
    for heading in (
        "Unmatched",
        "Absent",
        "Left aside",
        "Late",
        "Needs a person",
        "No result",
        "Commonest",
        "Points",
    ):
        assert heading not in bare
    assert "There are no submissions." in bare
    full = page(*CLASS, unmatched=("Kurt",), absent=("Emmy",), skipped=("a.docx: no Python",)).text
    for words in ("Kurt", "Emmy", "a.docx: no Python", "Late"):
        assert words in full


def test_a_hostile_class_is_inert_and_quick():
    start = time.monotonic()
    text = render_class(hostile.gradebook(500))
    assert time.monotonic() - start < 60  # a matter of milliseconds; quadratic, of minutes
    text.encode()
    shown = Page(text)
    assert_inert(shown)
    assert_links_lead_somewhere(shown)
    assert len(shown.all("tr")) >= 500
