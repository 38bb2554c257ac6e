"""Our pages in a browser: quiet, no wider than the screen, and deaf to what they quote, by day and by night."""

from __future__ import annotations

import pytest

from grader.render import render
from grader.render.classpage import render_class
from grader.store.database import open_database
from grader.web.pages import waiting_page
from tests.browser.conftest import SCHEMES, WIDTHS
from tests.grader.render import hostile
from tests.grader.web.parts import Client, make_parts

pytestmark = pytest.mark.browser

FOREIGN = {"script", "img", "iframe", "base", "object", "embed", "link", "form", "textarea"}
SOURCE = "def train():\n" + "    x = [" + "1, " * 200 + "]\n" * 12 + "    optimizer.step()\n"


def assert_quiet(visit, width):
    """It loaded itself alone, ran nothing, complained of nothing, and fits its width."""
    assert visit.console == []
    assert [address for address in visit.requests if not address.endswith("/page.html")] == []
    assert not visit.alerted
    assert not visit.tags & FOREIGN
    assert not visit.sideways(), (visit.wide, visit.room)
    assert visit.room == width


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_that_misbehaves_would_be_noticed(visit, width):
    seen = visit(
        "<!doctype html><meta name=viewport content='width=device-width'><title>a</title>"
        "<div style='width: 2000px'>wide</div><img src=missing.png>"
        "<script>console.error('loud'); setTimeout(() => alert(1))</script>",
        width,
        "light",
    )
    assert seen.alerted
    assert seen.sideways()
    assert any("loud" in line for line in seen.console)
    assert any(address.endswith("missing.png") for address in seen.requests)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_report_is_quiet_and_fits(visit, make_report, width):
    report = make_report(source=SOURCE)
    seen = visit(render(report, "html"), width, "light")
    assert_quiet(seen, width)
    assert seen.title == "Not passed · loop.py · MNIST from memory"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_hostile_report_does_nothing(visit, width, scheme):
    seen = visit(render(hostile.report(), "html"), width, scheme)
    assert_quiet(seen, width)
    assert seen.title.startswith("Not passed · <script>")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_hostile_class_does_nothing(visit, width, scheme):
    seen = visit(render_class(hostile.gradebook(300)), width, scheme)
    assert_quiet(seen, width)
    assert seen.title.startswith("<script>")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_description_of_the_interface_is_quiet_and_fits(visit, width, tmp_path):
    with open_database(tmp_path / "metronome.db") as database:
        text = Client(make_parts(database)).get("/docs").text
    assert_quiet(visit(text.replace("<details>", "<details open>"), width, "light"), width)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_that_waits_is_quiet_and_fits(visit, width):
    assert_quiet(visit(bytes(waiting_page("queued", 3).body).decode(), width, "light"), width)


def test_the_style_sheet_is_let_through_and_follows_the_scheme(visit, browser, make_report):
    papers = {}
    for scheme in SCHEMES:
        assert visit(render(make_report(), "html"), 1280, scheme).scheme_dark is (scheme == "dark")
        papers[scheme] = browser.execute_script(
            "return getComputedStyle(document.documentElement).backgroundColor"
        )
    assert papers == {"light": "rgb(250, 248, 243)", "dark": "rgb(22, 21, 19)"}


def test_what_slipped_through_could_not_run_either(visit, make_report):
    """The policy is a second lock: markup put into a page on purpose is refused."""
    text = render(make_report(), "html").replace(
        "</main>", "<script>document.title = 'taken'</script><img src=page.png onerror=alert(1)></main>"
    )
    seen = visit(text, 1280, "light")
    assert "script" in seen.tags
    assert seen.title != "taken"
    assert not seen.alerted
    assert any("Content Security Policy" in line for line in seen.console)


def test_a_line_of_a_finding_is_found_by_its_link(visit, browser, make_report):
    visit(render(make_report(source="x = 1\n" * 40), "html"), 390, "light")
    browser.execute_script("document.querySelector('.finding .code a[href=\"#L12\"]').click()")
    assert browser.execute_script("return document.querySelector(':target').id") == "L12"
