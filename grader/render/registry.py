"""Which formats there are; each lives in a file of its own and is imported when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.models import Report

FORMATS = ("terminal", "json", "html", "markdown", "gradescope", "junit")
"""The default one first; each is `grader.render.<name>`."""


@dataclass(frozen=True)
class Canvas:
    """What a text will be shown on: `width` in columns, whether it has colours and Unicode glyphs."""

    width: int = 80
    color: bool = False
    unicode: bool = True


def renderers() -> list[str]:
    """The names of all formats, the default one first."""
    return list(FORMATS)


def render(report: Report, form: str, canvas: Canvas | None = None) -> str:
    """The report as text of that format, ending in a line break.  Raises ValueError for an unknown one."""
    if form not in FORMATS:
        raise ValueError(f"There is no format {form!r}. There are: {', '.join(FORMATS)}.")
    text: str = import_module(f"grader.render.{form}").render(report, canvas or Canvas())
    return text
