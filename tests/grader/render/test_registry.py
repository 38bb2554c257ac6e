"""Formats are found by name and loaded when they are asked for."""

import subprocess
import sys

import pytest

from grader.render import Canvas, render, renderers


def test_every_format_renders_and_ends_its_last_line(make_report):
    assert renderers() == ["terminal", "json", "html", "markdown", "gradescope", "junit"]
    for form in renderers():
        text = render(make_report(), form)
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


def test_an_unknown_format_is_refused(make_report):
    with pytest.raises(ValueError, match="There are: terminal, json"):
        render(make_report(), "pdf", Canvas())


def test_asking_for_names_loads_no_renderer():
    code = (
        "import sys, grader.render as r; r.renderers(); print([m for m in sys.modules if m in"
        " ('rich', 'pydantic', 'torch', 'jinja2', 'pygments') or m.startswith('grader.render.')"
        " and m not in ('grader.render.registry', 'grader.render')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
