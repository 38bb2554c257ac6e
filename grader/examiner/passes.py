"""The loaders of a program, and the passes over them: which batch a draw gives, also of data sets that a file made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import torch
from torch.utils.data import Subset, TensorDataset

from grader.examiner.modules import Told
from grader.examiner.operands import MAX_DEPTH, Op, Operands, poisoned
from grader.examiner.things import HELD_OUT, Cannot, Contradiction, Things, index
from sandbox.generators import MAX_DRAWN, skip
from sandbox.spies.operands import KEPT
from sandbox.spies.reading import FIRST_BODY

MAX_PASSES = 4  # of one loader, that may be drawn from in turn


class Passes(Operands):
    """Makes loaders, begins passes over them and draws from those; `making` is as in `Machine`."""

    def __init__(
        self,
        things: Things,
        scripts: Mapping[int, Sequence[Op]],
        numbers: Sequence[Any],
        constants: Sequence[Any],
        making: Callable[[str, int], None],
    ) -> None:
        super().__init__(things, scripts, numbers, constants)
        self._making = making
        self._passes: dict[int, deque[Iterator[Any]]] = {}
        self._begun = 0

    def _make_loader(
        self,
        _: int,
        made: int,
        source: Sequence[Any],
        size: Any,
        shuffled: Any,
        drop_last: Any,
        generator: int,
    ) -> None:
        kind, what = source[:2]
        self._making("M", index(made))
        if kind == "d":
            data = self._things.loader(what).dataset
        elif kind in ("x", "u"):
            data = self._data_set(source, MAX_DEPTH)
        else:
            data = TensorDataset(*[self._operand(operand) for operand in islice(what, KEPT)])
        drawn = None if generator == -1 else self._things.loader(generator).generator
        self._things.make_loader(made, data, index(size), bool(shuffled), bool(drop_last), drawn)
        while kind == "u":
            kind, what = what[:2]
        if what in self._things.held_out if kind == "d" else (kind, what) == ("x", HELD_OUT):
            self._things.held_out.add(made)

    def _data_set(self, source: Sequence[Any], depth: int) -> Any:
        """One of the exercise's own data sets, or a part of one."""
        kind, what, how = source
        if kind == "x":
            return self._things.dataset(what, how, self._own_function)
        if kind != "u" or not depth:
            raise Contradiction("a data set that is none")
        data = self._data_set(what, depth - 1)
        name, *numbers = how
        start, stop = (min(index(bound), len(data)) for bound in numbers[-2:])
        if name == "range":
            return Subset(data, range(start, stop))
        seed, count = numbers[:2]
        generator = torch.Generator().manual_seed(index(seed))
        skip(generator, min(index(count), MAX_DRAWN))
        return Subset(data, torch.randperm(len(data), generator=generator).tolist()[start:stop])

    def _own_function(self, which: Any) -> Callable[..., Any]:
        told = self._own_module()
        told.body = self._things.bodies.get(FIRST_BODY + index(which))
        if told.body is None:
            raise Cannot("a function in a transform")
        return told.forward

    def _begin_pass(self, _: int, loader: int, epoch: int | None = None) -> None:
        passes = self._passes.setdefault(index(loader), deque(maxlen=MAX_PASSES))
        if epoch is not None:
            sampler: Any = self._things.loader(loader).sampler
            sampler.epoch = index(epoch)
        self._making("I", self._begun)
        self._begun += 1
        passes.appendleft(iter(self._things.loader(loader)))

    def _draw(self, _: int, loader: int, age: int) -> None:
        try:
            batch = next(self._passes[loader][index(age)])
        except StopIteration:
            raise Contradiction("a batch is drawn from a pass that is over") from None
        self._hold_batch(batch, held_out=loader in self._things.held_out)

    def _end_pass(self, _: int, loader: int, age: int) -> None:
        try:
            next(self._passes[loader][index(age)])
        except StopIteration:
            return
        raise Contradiction("a pass is over that has more batches")

    def _own_module(self) -> Told:
        return Told(self._things.parameter, self._things.parameters, self._plain_argument)

    def _plain_argument(self, value: Any, find: Callable[[Any], Any]) -> Any:
        made = self._argument(value, find=find)
        if (poison := poisoned(made)) is not None:
            raise Cannot(f"an operation of its own: {poison.name}"[:80])
        return made
