"""The table of `grade exercise check`: what each file promises, what was found, and what is amiss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from grader.render.screen import printed

if TYPE_CHECKING:
    from grader.checkup import Checked
    from grader.exercise import Exercise
    from grader.render import Canvas


def table_of(exercise: Exercise, results: list[Checked], without: list[str], canvas: Canvas) -> str:
    """The table and a closing sentence; `without` are slugs of the rubric that no bug file shows."""
    tick, cross = ("✓", "✗") if canvas.unicode else ("ok", "!!")
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    for heading in ("", "file", "expected", "found", "missed", "falsely\nflagged"):
        table.add_column(heading, overflow="fold")
    kind = ""
    for result in results:
        file = result.file
        if file.kind != kind and file.kind in ("variant", "bug"):
            table.add_row("", Text(f"{file.kind}s", style="bold"))
        kind = file.kind
        found = "the same" if result.found and result.found == file.expected else " ".join(result.found)
        table.add_row(
            Text(tick if result.good else cross, style="green" if result.good else "red"),
            Text(file.path.stem),
            Text(" ".join(file.expected) or ("not passed" if file.kind == "starter" else "nothing")),
            Text(found or "nothing", style="dim"),
            Text(" ".join(result.missed), style="red"),
            Text(" ".join(result.flagged), style="red"),
        )
        if result.surprise:
            table.add_row("", Text(f"  {result.surprise}", style="red"), "", "", "", "")
    return printed(Group(table, Text(), *_closing(exercise, results, without)), canvas)


def _closing(exercise: Exercise, results: list[Checked], without: list[str]) -> list[Text]:
    wrong = sum(not result.good for result in results)
    files = f"{len(results)} file{'s' if len(results) != 1 else ''}"
    lines = []
    if without:
        lines.append(Text(f"No bug file shows: {', '.join(without)}.", style="dim"))
    if wrong:
        lines.append(Text(f"{exercise.slug}: {wrong} of {files} not as promised.", style="bold red"))
    else:
        lines.append(Text(f"{exercise.slug}: all {files} as promised.", style="bold green"))
    return lines
