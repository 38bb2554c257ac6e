"""What the catalogue says of one finding."""

from __future__ import annotations

from dataclasses import dataclass

from grader.models import Severity


@dataclass(frozen=True)
class Entry:
    """One finding's fixed words.  A slug has one severity, always.

    `explains`: it can be the reason why a model turned out bad, so a bad model then needs no second finding.
    `computes`: what comes to its numbers, as "a loop that …", for findings of numeric bugs (see grader.promise).
    """

    severity: Severity
    title: str
    why: str
    fix: str
    explains: bool = True
    computes: str = ""
