"""How a script reads the exercise's data sets: through which transforms, and which parts of them."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import Subset, dataset

from sandbox import trace, transforms
from sandbox.generators import place_of
from sandbox.spies.bodies import Body

if TYPE_CHECKING:
    from sandbox.spies.recorder import Recorder

MAX_FUNCTIONS = 16  # of the file's own, in transforms
FIRST_BODY = 1000  # the number of the first function's body; those of modules are lower
MAX_DEPTH = 4  # of parts of parts

Part = tuple["weakref.ref[Any]", list[Any]]


class Reading:
    """Tells of data sets.  `known` gives the name of one of the exercise's own, or None."""

    def __init__(self, recorder: Recorder, known: Callable[[Any], str | None]) -> None:
        self._recorder, self._known = recorder, known
        self._functions: list[tuple[Any, bool]] = []  # transforms by a function, and whether it was heard
        self._parts: dict[int, Part] = {}  # subsets that were drawn at random
        self._undo: list[Callable[[], None]] = []

    def install(self) -> Callable[[], None]:
        """Listen to random splits, and then to functions in transforms; returns what undoes it."""
        self._undo = [self._watch(module, "random_split") for module in (torch.utils.data, dataset)]

        def uninstall() -> None:
            while self._undo:
                self._undo.pop()()

        return uninstall

    def source(self, data: Any, depth: int = MAX_DEPTH) -> list[Any] | None:
        """["x", name, transforms] of one of the exercise's own, ["u", source, part] of a part; None for any other."""
        if type(data) is Subset and depth:
            part, inner = self._part(data), self.source(data.dataset, depth - 1)
            return None if part is None or inner is None else ["u", inner, part]
        name = self._recorder.shield(self._known, data)
        if name is None or getattr(data, "target_transform", None) is not None:
            return None
        told = transforms.told(data.transform, self._number)
        return None if told is None else ["x", name, told]

    # ── functions in transforms ──────────────────────────────────────────────────────────────────

    def _number(self, transform: Any) -> int | None:
        """The number of a transform by a function; None where there are too many."""
        for number, (known, _) in enumerate(self._functions):
            if known is transform:
                return number
        if len(self._functions) >= MAX_FUNCTIONS:
            return None
        if not any(type(known) is type(transform) for known, _ in self._functions):
            self._undo.append(
                self._listen(type(transform), "transform" if _is_new(transform) else "__call__")
            )
        self._functions.append((transform, False))
        return len(self._functions) - 1

    def _listen(self, owner: Any, method: str) -> Callable[[], None]:
        original = getattr(owner, method)

        @functools.wraps(original)
        def call(transform: Any, image: Any, *more: Any) -> Any:
            number = self._wanted(transform)
            if number is None:
                return original(transform, image, *more)
            body = Body(torch.nn.Module(), (image,), lambda _: -1, self._recorder.shield)
            with body:
                result = original(transform, image, *more)
            self._recorder.shield(self._heard, number, body, result)
            return result

        setattr(owner, method, call)
        return functools.partial(setattr, owner, method, original)

    def _wanted(self, transform: Any) -> int | None:
        if self._recorder.elsewhere:
            return None
        for number, (known, heard) in enumerate(self._functions):
            if known is transform and not heard:
                return number
        return None

    def _heard(self, number: int, body: Body, result: Any) -> None:
        self._functions[number] = (self._functions[number][0], True)
        told = body.result(result)
        if not body.unknown and told is not None:
            self._recorder.write(trace.Body(id=FIRST_BODY + number, ops=body.ops, result=told))

    # ── parts ────────────────────────────────────────────────────────────────────────────────────

    def _watch(self, module: Any, name: str) -> Callable[[], None]:
        original = getattr(module, name)

        @functools.wraps(original)
        def random_split(*args: Any, **kwargs: Any) -> Any:
            given = args[2] if len(args) > 2 else kwargs.get("generator", torch.default_generator)
            place = self._recorder.shield(_place, given)
            parts = original(*args, **kwargs)
            self._recorder.shield(self._split, parts, place)
            return parts

        setattr(module, name, random_split)
        return functools.partial(setattr, module, name, original)

    def _split(self, parts: Any, place: tuple[int, int] | None) -> None:
        start = 0
        for part in parts if place is not None else ():
            stop = start + len(part)
            self._parts[id(part)] = (weakref.ref(part), ["random", *place, start, stop])  # type: ignore[misc]
            start = stop

    def _part(self, subset: Any) -> list[Any] | None:
        known = self._parts.get(id(subset))
        if known is not None and known[0]() is subset:
            return known[1]
        indices = subset.indices
        first = indices[0] if len(indices) else 0
        if type(first) is int and list(indices) == list(range(first, first + len(indices))):
            return ["range", first, first + len(indices)]
        return None


def _place(generator: Any) -> tuple[int, int] | None:
    state = (torch.default_generator if generator is None else generator).get_state()
    return place_of(state)


def _is_new(transform: Any) -> bool:
    """Whether it is one of torchvision's second kind, which are modules."""
    return isinstance(transform, torch.nn.Module)
