"""`grade explain SLUG`: what a finding means, from the page on all of them."""

from __future__ import annotations

import difflib
import re

import click

from grader.cli.output import screen, show


@click.command(name="explain")
@click.argument("slug")
def command(slug: str) -> None:
    """Explain a finding: what it means, its numbers, a wrong and a mended loop, and what is not flagged."""
    from rich.markdown import Markdown

    from grader.errors import UsageError
    from grader.render.screen import printed

    found = entries()
    if slug not in found:
        close = difflib.get_close_matches(slug, found, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "see docs/findings.md for all of them."
        raise UsageError(f"There is no finding {slug!r}; {hint}")
    canvas = screen()
    text = f"# {slug}\n\n{found[slug]}"
    show(printed(Markdown(text, hyperlinks=False), canvas) if canvas.color else f"{text}\n")


def entries() -> dict[str, str]:
    """The page's entries by slug, in its order, as Markdown without their headings."""
    from grader.exercise import findings_page

    parts = re.split(r"^### `([a-z-]+)`$", findings_page().read_text(encoding="utf-8"), flags=re.MULTILINE)
    texts = (re.split(r"^## ", text, maxsplit=1, flags=re.MULTILINE)[0].strip() for text in parts[2::2])
    return dict(zip(parts[1::2], texts, strict=True))
