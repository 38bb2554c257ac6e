"""Findings about mixed precision: the gradient scaler."""

from __future__ import annotations

from grader.checks.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {}
