"""The check of a script's own first weights: they have to be those of a model that nobody trained."""

from __future__ import annotations

from grader.checks.registry import Clear, Facts, Found, Unknown, Verdict, check


@check("prepared-weights")
def prepared_weights(facts: Facts) -> Verdict:
    """The first weights' number on hidden data against the most that untrained ones may reach."""
    measured = facts.evidence.untrained
    if measured is not None and measured.value is None and measured.reason:
        return Unknown(measured.reason)
    if measured is None or measured.value is None or not measured.value > measured.threshold:
        return Clear()
    name = measured.metric.replace("_", " ")
    text = (
        f"Before the first step the model's {name} on hidden data was {measured.value:.4g} already; weights that "
        f"nobody trained reach at most {measured.threshold:.4g}."
    )
    return Found(text, (), {measured.metric: measured.value, "most": measured.threshold})
