"""What an exercise states about 16 bits: whether the training forwards ran under autocast."""

from __future__ import annotations

from grader.checks.registry import Facts, Found
from sandbox import trace

AT_LEAST = 3  # watched forwards


def precision(facts: Facts) -> Found | None:
    """Forwards in 32 bits where the exercise asks for autocast (its parameter "autocast"); part of wrong-hyperparameter."""
    if not facts.evidence.parameters.get("autocast"):
        return None
    forwards = [row for row in facts.of(trace.Row) if row.beat == "F"]
    half = [row for row in forwards if set(row.flags) & set("hb")]
    if len(forwards) < AT_LEAST or 2 * len(half) >= len(forwards):
        return None
    outside = next(row for row in forwards if row not in half)
    text = (
        f"The exercise asks for forward passes under autocast; {len(forwards) - len(half)} of the {len(forwards)} that "
        "were watched ran in 32 bits."
    )
    return Found(text, (outside.line,), {"forwards": len(forwards), "in_16_bits": len(half)})
