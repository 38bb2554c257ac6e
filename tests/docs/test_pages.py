"""README.md and docs/ against the code: settings, exit codes and links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.cli import EPILOG
from grader.exercise import Exercise, slugs
from grader.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def section(page: Path, heading: str) -> str:
    """The text below a heading, up to the next one of any level."""
    found = re.search(
        rf"^#+ {re.escape(heading)}$(.*?)(?=^#+ |\Z)", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found, f"{page.name} has no section {heading!r}"
    return found[1]


def keys(text: str) -> list[str]:
    """The names in the first column of a table."""
    rows = re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE)
    return [key for row in rows for key in re.findall(r"`\[*([a-z_]+)\]*`", row)]


def anchors(page: Path) -> set[str]:
    """What a link may name after "#", by GitHub's rule."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_lists_every_key_of_grade_toml_and_no_other() -> None:
    assert keys(section(ROOT / "README.md", "grade.toml")) == list(Settings.model_fields)


def test_the_readme_lists_the_exit_codes_of_the_help() -> None:
    told = re.findall(r"^\| (\d) \|", section(ROOT / "README.md", "Try it"), re.MULTILINE)
    assert told == re.findall(r"^  (\d)  ", EPILOG, re.MULTILINE)


def test_every_exercise_and_every_key_of_an_exercise_is_described() -> None:
    page = ROOT / "docs" / "writing-exercises.md"
    assert set(keys(section(page, "exercise.toml"))) == set(Exercise.model_fields)
    listed = re.findall(
        r"^\| \[([a-z-]+)\]", (ROOT / "docs" / "exercises.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(listed) == slugs()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_of_ours_leads_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", prose)
    for link in (link for link in links if not link.startswith("http")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{target.name} has no heading {anchor!r}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_of_ours_that_is_named_exists(page: Path) -> None:
    named = re.findall(
        r"`((?:grader|sandbox|tests|docs|exercises|reference)/[\w./-]+)`", page.read_text("utf-8")
    )
    assert [name for name in named if not (ROOT / name).exists()] == []
