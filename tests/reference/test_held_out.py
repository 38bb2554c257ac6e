"""Loops that the checks were not made for: other hands, other habits, the same verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.exercise import load_exercise, slugs
from tests.reference.grading import Grade, assert_found, assert_right, chosen, expected, parameters

LOOPS = Path(__file__).resolve().parents[1] / "loops"
CANNOT_TELL = {"gradients_by_torch_func": {"as-asked"}}
"""What is honestly not known: torch.func shows neither a step nor a rate."""


def loops(kind: str) -> Iterator[tuple[str, Path]]:
    """The files of tests/loops/<slug>/<kind>; of scripts, which take many seconds, one in three."""
    for slug in slugs():
        one_in = 3 if load_exercise(slug).entry == "script" else 1
        for path in sorted((LOOPS / slug / kind).glob("*.py")):
            if chosen(path.stem, one_in):
                yield slug, path


@pytest.mark.parametrize(("slug", "path"), parameters(loops("right")))
def test_a_right_loop_is_not_accused(grade_locally: Grade, slug: str, path: Path) -> None:
    report = grade_locally(slug, path.read_bytes(), [])
    unknown = {item.id for item in report.requirements if item.status == "could-not-check"}
    if unknown and unknown == CANNOT_TELL.get(path.stem, set()):
        assert report.passed is True
        assert [item.slug for item in report.findings if item.severity != "note"] == []
    else:
        assert_right(report)


@pytest.mark.parametrize(("slug", "path"), parameters(loops("wrong")))
def test_a_wrong_loop_is_found_out(grade_locally: Grade, slug: str, path: Path) -> None:
    source = path.read_bytes()
    assert_found(grade_locally(slug, source, expected(source)), expected(source))
