"""docs/findings.md against the catalogue: an entry for every slug, in order, with snippets that parse."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import pytest

from grader.catalogue import CATALOGUE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "findings.md"
WITHOUT_CODE = {"unreadable-file"}
"""Findings about a file that is no source at all, so there is nothing to quote."""


def entries() -> dict[str, str]:
    """The text below each heading that names a slug, in the page's order."""
    parts = re.split(r"^### `([a-z-]+)`$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    slugs, texts = parts[1::2], parts[2::2]
    assert len(slugs) == len(set(slugs)), "a slug has two entries"
    return {slug: text.partition("\n## ")[0] for slug, text in zip(slugs, texts, strict=True)}


def snippet(text: str, label: str) -> str:
    """The Python code under "Wrong:" or "Mended:"."""
    found = re.findall(rf"^{label}:\n\n```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"{len(found)} snippets under {label!r}"
    return str(found[0])


def test_every_slug_of_the_catalogue_has_an_entry_in_its_order_and_no_other_has() -> None:
    assert list(entries()) == list(CATALOGUE)


@pytest.mark.parametrize("slug", CATALOGUE)
def test_an_entry_names_the_severity_of_the_catalogue(slug: str) -> None:
    assert entries()[slug].strip().startswith(f"**{CATALOGUE[slug].severity}** · ")


@pytest.mark.parametrize("slug", CATALOGUE)
def test_an_entry_says_what_is_not_flagged(slug: str) -> None:
    assert re.search(r"^Not flagged: \S", entries()[slug], flags=re.MULTILINE)


@pytest.mark.parametrize("slug", [slug for slug in CATALOGUE if slug not in WITHOUT_CODE])
def test_the_mended_snippet_parses_and_differs_from_the_wrong_one(slug: str) -> None:
    wrong, mended = (snippet(entries()[slug], label) for label in ("Wrong", "Mended"))
    right_tree = ast.dump(ast.parse(textwrap.dedent(mended)))
    if slug == "syntax-error":
        with pytest.raises(SyntaxError):
            ast.parse(wrong)
        return
    assert ast.dump(ast.parse(textwrap.dedent(wrong))) != right_tree


@pytest.mark.parametrize("slug", sorted(WITHOUT_CODE))
def test_an_entry_without_code_still_says_what_is_wrong_and_how_it_is_mended(slug: str) -> None:
    text = entries()[slug]
    assert re.search(r"^Wrong: \S", text, flags=re.MULTILINE)
    assert re.search(r"^Mended: \S", text, flags=re.MULTILINE)
