"""Findings about pieces written by hand, judged by the values they give."""

from __future__ import annotations

from grader.checks.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {}
