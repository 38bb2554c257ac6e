"""Reports as text: pure functions from a Report to a string, one file a format."""

from __future__ import annotations

from grader.render.registry import Canvas, render, renderers

__all__ = ["Canvas", "render", "renderers"]
