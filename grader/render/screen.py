"""Rich texts as lines for a screen: in colour where it has any, in ASCII where it has nothing else."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.console import RenderableType

    from grader.render.registry import Canvas

NARROWEST = 24
"""Columns below which nothing can be laid out."""
_PLAIN = str.maketrans(
    dict(zip("✓✗·│×▁▂▃▄▅▆▇█–—−", "+x-|x_.:-=+*#---", strict=True)) | {"…": "...", "≥": ">=", "≤": "<="}
)


def columns(canvas: Canvas) -> int:
    """How wide texts are laid out on `canvas`."""
    return max(canvas.width, NARROWEST)


def printed(body: RenderableType, canvas: Canvas) -> str:
    """What `body` looks like on `canvas`, without spaces at the ends of lines."""
    sink = StringIO()
    console = Console(
        file=sink,
        width=columns(canvas),
        force_terminal=canvas.color,
        color_system="standard" if canvas.color else None,
        no_color=not canvas.color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    console.print(body)
    text = "\n".join(line.rstrip() for line in sink.getvalue().splitlines()).strip("\n") + "\n"
    return text if canvas.unicode else text.translate(_PLAIN).encode("ascii", "replace").decode()
