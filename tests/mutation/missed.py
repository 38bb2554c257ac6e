"""Bad mutants that the grader is known to miss, and why; docs/findings.md says it for readers ("What is missed").

Only a difference that no evidence of a single run can tell from a right loop belongs here.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.mutation.operators import Mutant


@dataclass(frozen=True)
class Missed:
    """Mutants of `file` (of any, where it is "") whose description contains `words`."""

    slug: str
    file: str
    words: str
    why: str


KNOWN: tuple[Missed, ...] = ()


def known(mutant: Mutant) -> bool:
    """Whether a miss of this mutant is a known one."""
    return any(
        item.slug == mutant.slug and item.file in ("", mutant.file) and item.words in mutant.description
        for item in KNOWN
    )
