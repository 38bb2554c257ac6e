"""What an exercise states beside the optimizer's numbers: 16 bits, how high the rate goes, validations.

All of it is part of wrong-hyperparameter, and looked at where the exercise's parameters ask for it.
"""

from __future__ import annotations

from grader.checks.heldout import held_out
from grader.checks.observing import evaluated_on_training_data, validated_on_training_data
from grader.checks.rates import used_rates
from grader.checks.registry import Facts, Found
from sandbox import trace

AT_LEAST = 3  # watched forwards
LOWEST, HIGHEST = 0.9, 1.001  # of the stated rate, for the highest that a schedule reaches
FEW_STEPS = 8


def precision(facts: Facts) -> Found | None:
    """Forwards in 32 bits where the exercise asks for autocast (its parameter "autocast")."""
    if not facts.evidence.parameters.get("autocast"):
        return None
    forwards = [row for row in facts.of(trace.Row) if row.beat == "F"]
    half = [row for row in forwards if set(row.flags) & set("hb")]
    if len(forwards) < AT_LEAST or 2 * len(half) >= len(forwards):
        return None
    outside = next(row for row in forwards if row not in half)
    text = (
        f"The exercise asks for forward passes under autocast; of {len(forwards)} that were watched "
        f"{len(forwards) - len(half)} ran in 32 bits."
    )
    return Found(text, (outside.line,), {"forwards": len(forwards), "in_16_bits": len(half)})


def highest_rate(facts: Facts) -> Found | None:
    """The highest rate of a schedule of the student's own against the stated one (parameters "schedule", "lr")."""
    wanted, rates = facts.evidence.parameters.get("lr"), used_rates(facts)
    if facts.evidence.parameters.get("schedule") != "own" or not isinstance(wanted, (int, float)):
        return None
    if rates is None or len(rates) < FEW_STEPS or LOWEST * wanted <= rates.max() <= HIGHEST * wanted:
        return None
    highest = float(rates.max())
    text = f"The highest learning rate should be {wanted:.4g}; in your loop it is {highest:.4g}."
    return Found(text, (facts.line_of("S"),), {"lr": highest, "wanted_lr": float(wanted)})


def validated(facts: Facts) -> Found | None:
    """Fewer evaluations than epochs where the exercise asks for one after each (its parameter "validated").

    Or held-out batches that were drawn, while only training batches were evaluated.
    """
    if not facts.evidence.parameters.get("validated") or not facts.count("BA"):
        return None
    held, epochs = held_out(facts), int(facts.epochs)
    walked = [item for item in facts.of(trace.Pass) if item.loader in held and not item.trained]
    uses = [use for use in facts.of(trace.ForwardUse) if use.loader in held or use.loader == -1]
    forwards = sum(use.calls - use.trained for use in uses)
    numbers: dict[str, float | int | str] = {
        "epochs": epochs,
        "validations": len(walked),
        "forwards": forwards,
    }
    seen = bool(facts.of(trace.ForwardUse))
    if len(walked) < epochs and forwards < epochs:
        often = {0: "never walked through", 1: "walked through once"}
        times = often.get(len(walked), f"walked through {len(walked)} times")
        text = f"The exercise asks for a validation after each of {epochs} epochs; the held-out loader was {times}."
        if validated_on_training_data(facts):
            text += "  Training batches were evaluated instead."
    elif not forwards and seen and (not facts.count("fl") or evaluated_on_training_data(facts)):
        text = (
            "The exercise asks for a validation after every epoch; held-out batches were drawn, and the model was "
            "never shown one."
        )
    else:
        return None
    return Found(text, (facts.line_of("F"),), numbers)
