"""The catalogue: every finding's title, severity, why it matters and how to mend it.  Slugs are public API."""

from __future__ import annotations

from grader.catalogue import (
    beats,
    clipping,
    data,
    loss,
    modes,
    optimizers,
    result,
    resuming,
    scaling,
    schedules,
    stops,
    values,
)
from grader.catalogue.entry import Entry

__all__ = ["CATALOGUE", "CRASH_CAUSES", "LIMITS", "STUDENT_ERRORS", "Entry"]

_FAMILIES = (
    beats,
    clipping,
    scaling,
    optimizers,
    schedules,
    modes,
    data,
    loss,
    values,
    resuming,
    result,
    stops,
)
"""In the order of docs/findings.md."""

CATALOGUE: dict[str, Entry] = {slug: entry for family in _FAMILIES for slug, entry in family.ENTRIES.items()}

STUDENT_ERRORS = (
    "unreadable-file",
    "syntax-error",
    "import-error",
    "shape-mismatch",
    "wrong-device",
    "crashed",
    "wrong-signature",
)
CRASH_CAUSES = ("scaler-bypassed", "scaler-update-missing", "step-before-backward")
"""Findings that a crash is told as, where its message gives the cause away."""
LIMITS = ("timed-out", "memory-exceeded", "output-exceeded")
