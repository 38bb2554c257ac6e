"""`grade explain`: every finding has its entry, and a misspelt one a hint."""

import pytest

from grader.catalogue import CATALOGUE
from grader.cli.explain import entries


def test_every_finding_of_the_catalogue_is_explained():
    assert list(entries()) == list(CATALOGUE)
    assert all(len(text) > 100 for text in entries().values())


@pytest.mark.parametrize("slug", CATALOGUE)
def test_an_entry_holds_its_own_text_and_no_other(run, slug):
    done = run("explain", slug)
    assert done.exit_code == 0
    assert done.output.startswith(f"# {slug}\n")
    assert "\n### " not in done.output
    assert "\n## " not in done.output


def test_a_misspelt_finding_gets_a_hint(run):
    done = run("explain", "missing-zero")
    assert done.exit_code == 2
    assert "did you mean missing-zero-grad" in done.stderr
    assert "docs/findings.md" in run("explain", "xyzzy").stderr
