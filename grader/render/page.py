"""What all HTML pages share: templates, the style sheet with its hash, and how texts are made safe and readable.

A page is one file that asks for nothing else.  Its policy forbids everything but the one style sheet, so even
text that slipped through could not run.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.render import words
from grader.render.clean import clean, one_line

TEMPLATES = Path(__file__).parent / "templates"
_CODE = re.compile(r"`([^`\n]+)`")


def page(template: str, /, **values: object) -> str:
    """The template filled in, ending in one line break.  Values are escaped unless they are Markup."""
    return _environment().get_template(template).render(values).rstrip() + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sheet = _sheet()
    environment.globals.update(
        style=Markup(sheet),  # noqa: S704 (a file of ours)
        policy=policy(sheet),
        words=words,
    )
    environment.filters.update(line=_line, text=_text, prose=prose, number=words.number, href=href)
    return environment


def _sheet() -> str:
    """The style sheet, without what only its readers need."""
    text = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def policy(sheet: str) -> str:
    """The content security policy of a page whose only style sheet is this one (CSP Level 3, §2.3.1)."""
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _line(value: Any) -> str:
    """Any value's text on one line, cleaned."""
    return one_line(str(value))


def _text(value: str) -> str:
    """A text of several lines, cleaned."""
    return clean(value).strip("\n")


def prose(value: str) -> Markup:
    """A sentence, cleaned and escaped, with what stands between backticks set as code."""
    pieces: Iterable[str] = _CODE.split(one_line(value))
    parts = (
        Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )
    return Markup("").join(parts)


def href(path: str) -> str:
    """A path below the page's folder as a link: percent-encoded, and never an address of elsewhere."""
    parts = [part for part in path.split("/") if part not in ("", ".", "..")]
    # "./" keeps a first part such as "javascript:" from being read as a scheme.
    return "./" + "/".join(quote(part, safe="", errors="replace") for part in parts)
