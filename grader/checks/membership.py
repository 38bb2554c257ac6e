"""Checks of which parameters the optimizers hold."""

from __future__ import annotations

from grader.checks.registry import Clear, Facts, Found, Unknown, Verdict, check
from sandbox import trace

MOST_OPTIMIZERS = 24  # the spies describe no more of them; see sandbox/spies/registry.py


@check("optimizer-missing-parameters")
def optimizer_missing_parameters(facts: Facts) -> Verdict:
    """Parameters of a trained model that get gradients, lie in no optimizer that steps, and never move."""
    uses = {use.id: use for use in facts.of(trace.OptimizerUse)}
    stepping = [item for item in facts.of(trace.Optimizer) if item.id in uses and uses[item.id].steps]
    held = {number for item in stepping for number in (*item.params, *uses[item.id].params)}
    trained = [module for module in facts.of(trace.Module) if not held.isdisjoint(module.params)]
    fed = facts.fed & {number for module in trained for number in module.params}
    missing = fed - held
    if not missing or not held & fed:
        return Clear()
    if len(facts.of(trace.Optimizer)) >= MOST_OPTIMIZERS:
        return Unknown("there were too many optimizers to follow them all")
    missing -= facts.ledger.moved | changed(facts)
    if not missing:
        return Clear()  # moved by hand
    verb = "is" if len(missing) == 1 else "are"
    text = (
        f"{len(fed)} parameter tensors of the trained model get gradients, and {len(missing)} of them {verb} in "
        "no optimizer that steps: there the values never changed."
    )
    line = next((item.line for item in stepping if item.line), 0)
    numbers: dict[str, float | int | str] = {
        "with_gradient": len(fed),
        "held": len(fed & held),
        "missing": len(missing),
    }
    return Found(text, (line, facts.line_of("S")), numbers)


def changed(facts: Facts) -> set[int]:
    """The parameters whose values at the sampled coordinates differ within a window, whoever changed them."""
    found: set[int] = set()
    layout: list[tuple[int, slice]] = []
    first: list[float] | None = None
    for record in facts.evidence.records:
        if isinstance(record, trace.Layout):
            layout, start, first = [], 0, None
            for number, places in record.coordinates:
                layout.append((number, slice(start, start + len(places))))
                start += len(places)
        elif isinstance(record, trace.Row) and record.params is not None:
            values = list(trace.unpack_vector(record.params))
            if first is None or len(first) != len(values):
                first = values
                continue
            found.update(number for number, part in layout if values[part] != first[part])
    return found
