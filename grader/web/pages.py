"""Pages for people: a report, the wait for one, and the documentation.  They need nothing from outside."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from grader.models import Report
from grader.render import render

WAIT_SECONDS = 3


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("grader.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def report_page(report: Report) -> HTMLResponse:
    """The report."""
    return HTMLResponse(render(report, "html"))


def waiting_page(state: str, ahead: int) -> HTMLResponse:
    """Says that there is no report yet, and looks again by itself."""
    page = _environment().get_template("waiting.html.jinja")
    return HTMLResponse(page.render(state=state, ahead=ahead, seconds=WAIT_SECONDS), 202)


def docs_page(openapi: dict[str, Any]) -> HTMLResponse:
    """The description of the interface, as a page without scripts."""
    page = _environment().get_template("docs.html.jinja")
    return HTMLResponse(page.render(api=openapi, pretty=_pretty))


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2)
