"""What a program speaks of: what was drawn and made so far, found again by the operands that it names.

Where all of it comes from is noted (`origins`), so that a machine can refuse what may not come of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import torch

from grader.examiner.origins import Origins
from grader.examiner.things import Cannot, Contradiction, Things, index, number
from sandbox.spies.operands import KEPT, MAX_LOSSES, leaves

MAX_DEPTH = 12
LARGEST = 1 << 27  # whole numbers among arguments: sizes
TINY = 1e-12  # of a gradient that teaches nothing
DTYPES = {
    name: getattr(torch, name)
    for name in (
        "float16",
        "bfloat16",
        "float32",
        "float64",
        "uint8",
        "int8",
        "int16",
        "int32",
        "int64",
        "bool",
    )
}

Op = Sequence[Any]
Made = list[Any]


class Poison:
    """What an operation gave that is not on the list; it may be given on, but nothing may come of it."""

    def __init__(self, name: str) -> None:
        self.name = name


class Operands:
    """The batches, outputs, losses and values of a program, newest first, and the numbers that it brings."""

    def __init__(
        self,
        things: Things,
        scripts: Mapping[int, Sequence[Op]],
        numbers: Sequence[Any],
        constants: Sequence[Any],
    ) -> None:
        self._things = things
        self._numbers, self._constants = _unrolled(numbers), _unrolled(constants)
        self._stretch = 0
        self._origins = Origins()
        self._root: set[str] = set()  # where what goes backward comes from
        self._signs = torch.Generator().manual_seed(0)
        self.by_hand = False  # whether a parameter or gradient was changed by more than backward and step
        self.cut = False  # whether what goes backward teaches nothing from what forwards gave on
        self._batches: deque[Made] = deque(maxlen=KEPT)  # newest first
        ages = _Ages(scripts)
        self._outputs: deque[Made] = deque(maxlen=1 + ages.oldest["f"])
        self._losses: deque[Any] = deque(maxlen=1 + max(ages.oldest["L"], ages.oldest["l"]))
        self._values: dict[int, list[Any]] = {0: []}
        self._kept = ages.stretches

    def _hold_batch(self, batch: Any, *, held_out: bool = False) -> None:
        tensors = leaves(batch)
        self._origins.fresh(tensors, "dH" if held_out else "d")
        self._batches.appendleft(tensors)

    def _hold_output(self, output: Any, given: Any = ()) -> None:
        tensors = leaves(output)
        self._origins.fresh(tensors, "dph" if "h" in self._origins.of(given) else "dp")
        self._outputs.appendleft(tensors)
        for tensor in tensors if self.cut else ():
            if tensor.requires_grad:
                tensor.register_hook(self._useless)  # type: ignore[no-untyped-call]

    def _useless(self, gradient: torch.Tensor) -> torch.Tensor:
        """A gradient that nothing can be learnt from: tiny, and of random sign in each row."""
        rows = gradient.shape[:1] + (1,) * (gradient.dim() - 1)
        signs = torch.randint(2, rows, generator=self._signs).to(gradient.dtype) * 2 - 1
        return gradient * signs * TINY

    def _hold_loss(self, loss: torch.Tensor, letters: str = "") -> None:
        self._origins.fresh([loss], "dp" + letters)
        self._losses.appendleft(loss)

    # ── arguments of functions ───────────────────────────────────────────────────────────────────

    def _argument(self, value: Any, depth: int = MAX_DEPTH, find: Callable[[Any], Any] | None = None) -> Any:
        if value is None or isinstance(value, (bool, str, float)):
            return value
        if isinstance(value, int):
            if abs(value) > LARGEST:
                raise Cannot("a number that is too large")
            return value
        if not depth or not isinstance(value, dict) or len(value) != 1:
            raise Contradiction("an argument is not one")
        (kind, what), deeper = next(iter(value.items())), depth - 1
        if kind == "r":
            return (find or self._any_operand)(what)
        if kind == "l":
            return [self._argument(item, deeper, find) for item in what]
        if kind == "m":
            return {str(key): self._argument(item, deeper, find) for key, item in what.items()}
        if kind == "s":
            bounds = [self._argument(item, deeper, find) for item in what]
            return slice(*[int(item) if isinstance(item, float) else item for item in bounds])
        if kind == "i":
            return tuple(self._argument(item, deeper, find) for item in what)
        if kind == "e":
            return ...
        if kind == "#":
            return next(self._constants)
        if kind == "n":
            return list(islice(self._things.indices, index(what)))
        if kind == "d":
            return DTYPES[what]
        if kind == "c":
            return torch.device("cpu")
        if kind == "f":
            return {"preserve_format": torch.preserve_format, "contiguous_format": torch.contiguous_format}[
                what
            ]
        if kind == "G":
            return self._things.loader(what).generator
        if kind == "g":
            return self._things.generator(*what)
        return Poison(str(what))

    # ── operands ─────────────────────────────────────────────────────────────────────────────────

    def _operand(self, operand: Sequence[Any]) -> torch.Tensor:
        found = self._any_operand(operand)
        if isinstance(found, Poison):
            raise Cannot(f"an operation of its own: {found.name}"[:80])
        tensor: torch.Tensor = found
        return tensor

    def _any_operand(self, operand: Sequence[Any]) -> Any:
        tensor = self._whole(*operand[:3])
        view = operand[3]
        if isinstance(tensor, Poison):
            return tensor
        held_out = operand[0] in ("d", "s") and self._things.is_held_out(operand[0], operand[1])
        self._origins.known(tensor, operand[0], "H" if held_out else "")
        if operand[0] == "w" or (operand[0] == "v" and operand[1]):  # of a step before
            origin = self._origins.of(tensor)
            if "d" in origin and not {"p", "g", "w"} & set(origin):
                self._origins.add(tensor, "c")
        if view is None:
            return tensor
        if len(view) == 2:
            seen = tensor.to(DTYPES[view[0]]).reshape([index(size) for size in view[1]])
            self._origins.made([seen], self._origins.of(tensor), tensor)
            return seen
        offset, shape, stride = view
        return tensor.as_strided(
            [index(size) for size in shape],
            [index(size) for size in stride],
            tensor.storage_offset() + index(offset),
        )

    def _whole(self, kind: str, first: int, place: int) -> Any:
        first, place = index(first), index(place)
        if kind == "p":
            return self._things.parameter(first)
        if kind == "g":
            gradient = self._things.parameter(first).grad
            if gradient is None:
                raise Contradiction("a gradient is used that is not there")
            return gradient
        if kind == "d":
            return self._things.loader(first).dataset.tensors[place]  # type: ignore[attr-defined]
        if kind == "s":
            return self._things.sources[first]
        if kind == "u":
            return list(self._things.module(first).buffers())[place]
        if kind in ("v", "w"):
            stretch = first if kind == "w" else self._stretch - first
            values = self._values.get(stretch, [])
        elif kind == "l":
            values, place = list(self._losses), first
        else:
            made = {"b": self._batches, "f": self._outputs}[kind]
            values = made[first] if first < len(made) else []
        if place >= len(values):
            raise Contradiction("something is used that was never made")
        return values[place]

    def _value(self, expression: Any, depth: int) -> torch.Tensor:
        if not depth:
            raise Contradiction("an expression is nested too deeply")
        kind, *parts = expression
        if kind == "L":
            expression = ["l", parts[0], 0, None]
            kind = "l"
        if kind in ("f", "v", "w", "l", "p"):
            self.by_hand = self.by_hand or kind == "p"
            found = self._operand(expression)
            self._root |= set(self._origins.of(found))
            return found
        if kind in ("+", "stack"):
            values = [self._value(part, depth - 1) for part in islice(parts[0], MAX_LOSSES)]
            return torch.stack(values) if kind == "stack" else _sum(values)
        value = self._value(parts[0], depth - 1)
        if kind == "/":
            return value / number(parts[1])
        if kind == "*":
            return value * number(parts[1])
        if kind == "-":
            return -value
        if kind == "mean":
            return value.mean()
        if kind == "sum":
            return value.sum()
        raise Cannot("an unknown expression")


def poisoned(value: Any) -> Poison | None:
    """The first thing among arguments that nothing may come of."""
    if isinstance(value, Poison):
        return value
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return next((found for item in items if (found := poisoned(item)) is not None), None)


def _unrolled(runs: Sequence[Any]) -> Iterator[float]:
    for value, times in runs:
        for _ in range(index(int(times))):
            yield number(value)


def _sum(values: list[torch.Tensor]) -> torch.Tensor:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


class _Ages:
    """How old the oldest outputs and losses are that scripts use, and which stretches' values are used much later.

    Nothing is kept longer than that: a graph that lives on would be taken for one that the student's code keeps.
    """

    def __init__(self, scripts: Mapping[int, Sequence[Op]]) -> None:
        self.oldest = {"f": 0, "L": 0, "l": 0}
        self.stretches: set[int] = set()
        for ops in scripts.values():
            self._look(list(ops), MAX_DEPTH * 3)

    def _look(self, value: Any, depth: int) -> None:
        if isinstance(value, dict):
            value = list(value.values())
        if not isinstance(value, list) or not depth:
            return
        if len(value) in (2, 4) and isinstance(value[0], str) and type(value[1]) is int:
            if value[0] in self.oldest:
                self.oldest[value[0]] = max(self.oldest[value[0]], min(value[1], MAX_LOSSES))
            elif value[0] == "w":
                self.stretches.add(value[1])
        for part in value:
            self._look(part, depth - 1)
