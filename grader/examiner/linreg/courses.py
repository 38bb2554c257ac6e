"""Courses: in which batches a loop may have gone through its points, read from what the points noted.

A list of points is cut into epochs and the epochs into batches.  Several cuts are plausible; the replay
decides, because a wrong one does not come to the returned numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Order = list[int]
LONGEST = 3
"""Times as many points as were asked for: of anything longer only one reading is tried."""


@dataclass(frozen=True)
class Setting:
    """What a loop was asked to do: how many points, in batches of what size, how often."""

    points: int
    batch_size: int
    epochs: int

    @property
    def whole(self) -> int:
        """Points in an epoch's whole batches."""
        return self.points // self.batch_size * self.batch_size


@dataclass(frozen=True)
class Candidate:
    """One reading of a list of points: its epochs, and its batches by epoch.

    `source` says what was read: "products" (the points that entered gradients, in that order), "residuals",
    "draws" (what a random generator gave) or "file" (nothing: the points in the order they were given).
    """

    source: str
    epochs: tuple[tuple[int, ...], ...]
    batches: tuple[tuple[tuple[int, ...], ...], ...]


def usable(notes: Mapping[str, Sequence[int]], name: str, points: int) -> Order:
    """A noted list, if it is whole and holds points only; else nothing."""
    missed = notes.get("missed", [0])
    listed = list(notes.get(name, []))
    whole = len(missed) == 1 and missed[0] == 0
    return listed if whole and all(0 <= item < points for item in listed) else []


def orders(notes: Mapping[str, Sequence[int]], setting: Setting) -> Iterator[tuple[str, Order]]:
    """The lists of points that may tell the order, the most direct first."""
    products = usable(notes, "products", setting.points)
    yield "products", products
    yield "products", _without_repeats(products)
    for order in _drawn(notes, setting):
        yield "draws", order
    compared = usable(notes, "residuals", setting.points)
    yield "residuals", compared
    yield "residuals", _without_repeats(compared)
    if len(compared) == 2 * setting.epochs * setting.points:  # each epoch is followed by a measurement
        yield "residuals", _joined(_halves(compared, setting.points))
    yield "file", list(range(setting.points)) * setting.epochs


def _without_repeats(order: Order) -> Order:
    """The list without stretches that repeat the stretch before them, as when a gradient is computed twice."""
    for size in range(1, len(order) // 2 + 1):
        if len(order) % (2 * size):
            continue
        blocks = [order[start : start + size] for start in range(0, len(order), size)]
        if all(one == two for one, two in zip(blocks[::2], blocks[1::2], strict=True)):
            return [item for block in blocks[::2] for item in block]
    return order


def _halves(order: Order, size: int) -> list[Order]:
    """Every second stretch of a size."""
    return [order[start : start + size] for start in range(0, len(order), 2 * size)]


def _drawn(notes: Mapping[str, Sequence[int]], setting: Setting) -> Iterator[Order]:
    """Orders that shuffles and draws may have led to."""
    drawn = usable(notes, "draws", setting.points)
    sizes = list(notes.get("sizes", []))
    if not drawn or sum(sizes) != len(drawn) or min(sizes) < 1:
        return
    draws = []
    start = 0
    for size in sizes:
        draws.append(drawn[start : start + size])
        start += size
    yield drawn
    whole = [draw for draw in draws if len(draw) == setting.points]
    if not whole:
        return
    given = list(range(setting.points))
    yield _joined(whole)
    yield _joined([given, *whole[:-1]])
    yield _joined(whole[::2])
    yield _joined(whole[1::2])
    yield _joined(whole[1:])
    yield whole[0] * setting.epochs
    yield whole[-1] * setting.epochs
    if all(sorted(draw) == given for draw in whole):
        yield _joined(_composed(whole))


def _joined(parts: list[Order]) -> Order:
    return [item for part in parts for item in part]


def _composed(draws: list[Order]) -> list[Order]:
    """Permutations that each rearrange what the one before left."""
    arranged = list(range(len(draws[0])))
    result = []
    for draw in draws:
        arranged = [arranged[item] for item in draw]
        result.append(arranged)
    return result


def epochs_of(order: Order, setting: Setting) -> list[tuple[int, ...]]:
    """The epochs of a list: whole ones where they fit, else as many as were asked for, else all as one."""
    for size in dict.fromkeys((setting.points, setting.whole)):
        if size and len(order) % size == 0:
            parts = _slices(order, size)
            if all(len(set(part)) == size for part in parts):
                return parts
    if len(order) % setting.epochs == 0 and order:
        return _slices(order, len(order) // setting.epochs)
    return [tuple(order)]


def candidates(notes: Mapping[str, Sequence[int]], setting: Setting) -> list[Candidate]:
    """All readings of what was noted, each once, the most direct first."""
    found: dict[tuple[tuple[tuple[int, ...], ...], ...], Candidate] = {}
    for source, order in orders(notes, setting):
        if not order or (found and len(order) > LONGEST * setting.epochs * setting.points):
            continue
        for epochs in _ways(order, setting, source):
            for batches in _cuts(epochs, setting.batch_size):
                found.setdefault(batches, Candidate(source, tuple(epochs), batches))
    return list(found.values())


def _ways(order: Order, setting: Setting, source: str) -> Iterator[list[tuple[int, ...]]]:
    """The list in epochs, and (where points were drawn that need not have been used) in shortened ones."""
    epochs = epochs_of(order, setting)
    yield epochs
    if source != "products" and all(len(epoch) == setting.points for epoch in epochs):
        for length in range(setting.whole, 0, -setting.batch_size):
            yield [epoch[:length] for epoch in epochs]
    if len(order) % setting.batch_size == 0 and len(epochs) > 1 and len(epochs[0]) % setting.batch_size:
        yield [tuple(order)]  # batches that do not care for epochs


def _cuts(epochs: Sequence[Sequence[int]], size: int) -> Iterator[tuple[tuple[tuple[int, ...], ...], ...]]:
    """Epochs in batches of a size, the last one shorter; and in as many batches of nearly equal sizes."""
    yield tuple(tuple(_slices(epoch, size)) for epoch in epochs)
    if any(len(epoch) % size for epoch in epochs):
        yield tuple(tuple(_balanced(epoch, -(-len(epoch) // size))) for epoch in epochs)


def resized(candidate: Candidate, size: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """The candidate's epochs in batches of another size."""
    return tuple(tuple(_slices(epoch, size)) for epoch in candidate.epochs)


def _slices(order: Sequence[int], size: int) -> list[tuple[int, ...]]:
    return [tuple(order[start : start + size]) for start in range(0, len(order), size)]


def _balanced(order: Sequence[int], parts: int) -> list[tuple[int, ...]]:
    """As numpy's array_split cuts."""
    small, larger = divmod(len(order), max(parts, 1))
    result, start = [], 0
    for number in range(parts):
        end = start + small + (number < larger)
        result.append(tuple(order[start:end]))
        start = end
    return result


def same_order(epochs: Sequence[Sequence[int]]) -> bool:
    """Whether there are two epochs or more and all have the same order."""
    return len(epochs) >= 2 and all(tuple(one) == tuple(two) for one, two in pairwise(epochs))
