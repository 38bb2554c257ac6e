"""Findings about checkpoints, resuming and early stopping."""

from __future__ import annotations

from grader.checks.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {}
