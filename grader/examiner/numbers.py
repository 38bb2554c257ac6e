"""Whether a program brings numbers of its own: they may have been worked out from the data of one challenge.

Rates, limits and factors that differ from step to step can lead parameters anywhere, with right beats all the way.
Who trains with such numbers trains on other data, too; who solved for them does not.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

OWN = ("=", "~", "A", "a", "G", "O", "R")  # operations that may hold any numbers
GIVEN = {
    "B": 4,
    "T": 2,
}  # how many entries these have at the most where no gradient and no scale is handed to them
USUAL = {"ignore_index": -100, "label_smoothing": 0.0, "beta": 1.0, "delta": 1.0}  # options of losses
MAX_DEPTH = 12


def brings_numbers(
    scripts: Iterable[Sequence[Any]],
    *,
    given: Collection[float] = (),
    rates_given: bool = False,
    many: bool = False,
) -> bool:
    """Whether scripts hold more than one number beside what the exercise gives.

    One is allowed, as one limit for all clips or one count of micro-batches is no way to a line of two parameters.
    With `many` parameters so is one optimizer's rate, momentum and so on, the same for all of them.  The one limit
    and the one factor of a whole program are no numbers of its own where the exercise gave them: they are `given`.
    Several are, as a choice among them, step by step, leads anywhere.  With `rates_given` no optimizer's setting was
    changed but to the rate that the exercise has for its step.
    """
    found: dict[str, set[float]] = defaultdict(set)
    settings: set[str] = set()
    for ops in scripts:
        for op in _all(ops, MAX_DEPTH):
            if many and op[0] == "O":
                settings.update(_settings(op))
                if len(settings) > 1:
                    return True
                continue
            if op[0] == "R" and rates_given:
                continue
            if op[0] in OWN or len(op) > GIVEN.get(op[0], len(op)) or _is_of_operands(op):
                return True
            found[op[0]].update(_numbers(op))
    if all(len(numbers) <= 1 for numbers in found.values()):
        return len(set().union(*found.values()).difference(given)) > 1
    return len(set().union(*found.values())) > 1


def _all(ops: Any, depth: int) -> Iterator[list[Any]]:
    """Operations, and those of closures."""
    for op in ops if isinstance(ops, (list, tuple)) and depth else ():
        if isinstance(op, list) and op and isinstance(op[0], str):
            yield op
            if op[0] == "S" and len(op) > 2:
                yield from _all(op[2], depth - 1)


def _settings(op: list[Any]) -> Iterator[str]:
    """What an optimizer is made with, group by group."""
    for group in op[2] if len(op) > 2 and isinstance(op[2], list) else [op]:
        yield json.dumps([op[1], group[1:] if isinstance(group, list) else group], sort_keys=True)


def _is_of_operands(op: list[Any]) -> bool:
    """Whether a loader is made of tensors that were computed, say, and not over the exercise's own data."""
    return op[0] == "M" and not (
        len(op) > 2 and isinstance(op[2], list) and op[2][:1] in (["d"], ["x"], ["u"])
    )


def _numbers(op: list[Any]) -> Iterator[float]:
    """A clip's limit and norm, a loss's options, and the factors of what goes backward."""
    if op[0] == "C":
        yield from (value for value in op[2:4] if _is_number(value) and value not in (2, float("inf")))
    elif op[0] in ("L", "l") and len(op) > 3 and isinstance(op[3], Mapping):
        yield from (value for key, value in op[3].items() if _is_number(value) and value != USUAL.get(key))
    elif op[0] in ("B", "X") and len(op) > 1:
        yield from _factors(op[1] if op[0] == "B" else op[-1], MAX_DEPTH)


def _factors(expression: Any, depth: int) -> Iterator[float]:
    if not isinstance(expression, list) or not depth:
        return
    if expression[:1] in (["*"], ["/"]) and len(expression) > 2 and _is_number(expression[2]):
        yield expression[2]
    for part in expression:
        yield from _factors(part, depth - 1)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
