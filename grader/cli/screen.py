"""Rich texts on the screen: in colour and as wide as it is, or plain where it is none."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from grader.render import Canvas


def printed(body: RenderableType, canvas: Canvas) -> str:
    """What `body` looks like on `canvas`, without spaces at the ends of lines."""
    from rich.console import Console

    sink = StringIO()
    console = Console(
        file=sink,
        width=canvas.width,
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
    return text if canvas.unicode else text.encode("ascii", "replace").decode()
