"""Findings about training and evaluation mode, and gradients in evaluation."""

from __future__ import annotations

from grader.checks.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {}
