"""Findings about gradient clipping: when, whether, and of what."""

from __future__ import annotations

from grader.checks.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {}
