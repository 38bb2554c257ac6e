"""The cases of batches-from-scratch, drawn from a challenge, and what is wrong with a student's batches.

The examiner alone runs this.  Every number of the table is another one, so a row says which one it is.
"""

from __future__ import annotations

import io
import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.examiner.answers import Answer, Answers, Judgement, described, numbers_of

Files = dict[str, bytes]
Case = dict[str, Any]
Floats = npt.NDArray[np.float64]

ROWS, COLUMNS = 1000, 3
"""The lesson's 1,000 samples: at batch 32 they make 32 updates, or 31 with drop_last."""
FUNCTION = "batches"
ENOUGH = 16
"""Samples from which on an order by chance is as good as impossible: 16! is 2e13."""


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, dict[str, int | float | str]]:
    """The table as "x.npy" (1000, 3) and "y.npy" (1000,), the cases as "cases.json"; nothing hidden.

    All numbers are multiples of 1/64, which single precision holds exactly.
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    x = (random.permutation(2 * ROWS * COLUMNS)[: ROWS * COLUMNS] / 64).reshape(ROWS, COLUMNS)
    y = random.permutation(2 * ROWS)[:ROWS] / 64
    files = {"x.npy": _npy(x), "y.npy": _npy(y), "cases.json": json.dumps(_cases(random)).encode()}
    return files, {}, {}


def _cases(random: np.random.Generator) -> list[Case]:
    size = int(random.integers(5, 9))
    odd = size * int(random.integers(4, 7)) + int(
        random.integers(3, size)
    )  # the last batch is short by 3 or more
    even = size * int(random.integers(4, 7))
    seed, other = (int(value) for value in random.choice(2**31, size=2, replace=False))
    again = _case(odd, size, shuffle=True, seed=seed)
    few = int(random.integers(2, size))
    return [
        _case(odd, size),
        _case(odd, size, drop_last=True),
        _case(even, size, drop_last=True),
        _case(even, size),
        _case(3, 1, flat=True),
        _case(few, size, flat=True),
        _case(few, size, drop_last=True),
        again | {"epochs": 3},
        again | {"case": f"{again['case']} and the same seed again"},
        again | {"case": f"{again['case']} and another seed", "seed": other},
        _case(odd, size, shuffle=True, drop_last=True, seed=other, epochs=4),
        _case(even, size, shuffle=True, drop_last=True, seed=seed, flat=True),
        _case(ROWS, 32, shuffle=True, seed=other),
        _case(ROWS, 32, shuffle=True, drop_last=True, seed=seed),
    ]


def _case(
    samples: int,
    batch_size: int,
    shuffle: bool = False,
    drop_last: bool = False,
    seed: int = 0,
    epochs: int = 1,
    flat: bool = False,
) -> Case:
    columns = ", x with one number a sample" if flat else ""
    return {
        "case": f"{samples} samples{columns}, batch_size = {batch_size}, {shuffle = }, {drop_last = }",
        "samples": samples,
        "batch_size": batch_size,
        "shuffle": shuffle,
        "drop_last": drop_last,
        "seed": seed,
        "epochs": epochs,
        "flat": flat,
    }


def _npy(values: Floats) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


# ── judging ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with an epoch: a finding's slug, its sentence, its numbers."""

    slug: str
    evidence: str
    numbers: dict[str, int]


@dataclass(frozen=True)
class Epoch:
    """One call: its case and number, and the rows of each batch by their index in the table."""

    case: Case
    number: int
    batches: list[list[int]]

    @property
    def order(self) -> list[int]:
        """All rows in the order they came."""
        return [row for batch in self.batches for row in batch]


def judge(
    answers: Answers, training: Files, hidden: Files, parameters: dict[str, int | float | str]
) -> Judgement:
    """Look through every epoch of every case; at most one finding a slug.

    Where an epoch's batches are no pairs, or their rows no rows of the data or not once each, that alone is told.
    """
    judgement = Judgement()
    x, y = (np.load(io.BytesIO(training[name]), allow_pickle=False) for name in ("x.npy", "y.npy"))
    problems: list[Problem] = []
    whole: dict[str, list[Epoch]] = {}
    for case in json.loads(training["cases.json"]):
        for number in range(1, case["epochs"] + 1):
            answer = answers.case(FUNCTION, f"{case['case']}, epoch {number}")
            if answer is None:
                judgement.unknown(
                    "wrong-value", FUNCTION, "what `batches` gave was not recorded for every case"
                )
                continue
            if answer.mutated:
                problems.append(_mutated(case, answer))
            reader = _Reader(case, number, x, y)
            epoch = reader.read(answer)
            problems += reader.problems
            if isinstance(epoch, Problem):
                problems.append(epoch)
            else:
                whole.setdefault(case["case"], []).append(epoch)
    problems += _shuffling(list(whole.values()))
    first: dict[str, Problem] = {}
    for problem in problems:
        first.setdefault(problem.slug, problem)
    for problem in first.values():
        judgement.found(problem.slug, FUNCTION, problem.evidence, **problem.numbers)
    for slug in ("partial-epoch", "not-shuffled"):
        if slug not in first:
            judgement.clear(slug, FUNCTION)
    return judgement


def _mutated(case: Case, answer: Answer) -> Problem:
    names = " and ".join(f"`{name}`" for name in answer.mutated)
    evidence = f"After an epoch ({case['case']}) {names} held other values, or the same in another order."
    return Problem("input-mutated", evidence, {})


class _Reader:
    """Reads one epoch's batches: which rows of the table they are, or the first thing that is wrong."""

    def __init__(self, case: Case, number: int, x: Floats, y: Floats) -> None:
        self._case, self._number = case, number
        samples, self._size = case["samples"], case["batch_size"]
        self.problems: list[Problem] = []
        self._x = x[:samples, :1] if case["flat"] else x[:samples]
        self._sample_shape = () if case["flat"] else self._x.shape[1:]
        self._rows = {row.tobytes(): index for index, row in enumerate(self._x)}
        self._targets = {float(value): index for index, value in enumerate(y[:samples])}

    def read(self, answer: Answer) -> Epoch | Problem:
        """The epoch, or why it cannot be read; `problems` is then what else is wrong with its batches."""
        if not isinstance(answer.value, (list, tuple)):
            return self._wrong(
                "wrong-shape", f"`batches` gave {described(answer.value)}, nothing to go through."
            )
        batches: list[list[int]] = []
        seen: set[int] = set()
        for batch in answer.value:
            rows = self._batch(batch, len(batches) + 1, seen)
            if isinstance(rows, Problem):
                return rows
            seen.update(rows)
            batches.append(rows)
        if any(answer.notes.get("more", [])):
            return self._wrong("wrong-value", "There is no end: batches keep coming after the last sample.")
        self.problems = [problem for problem in (self._sizes(batches), self._missing(batches)) if problem]
        return Epoch(self._case, self._number, batches)

    def _wrong(self, slug: str, what: str, **numbers: int) -> Problem:
        where = f" (epoch {self._number})" if self._case["epochs"] > 1 else ""
        return Problem(slug, f"{self._case['case']}{where}: {what[:1].lower()}{what[1:]}", numbers)

    def _batch(self, batch: Any, number: int, seen: set[int]) -> list[int] | Problem:
        """The rows of one batch."""
        if not isinstance(batch, (list, tuple)) or len(batch) != 2:
            return self._wrong("wrong-shape", f"Batch {number} is {described(batch)}, not a pair (xb, yb).")
        xb, yb = (numbers_of(part) for part in batch)
        if xb is None or yb is None:
            part, name = (batch[0], "xb") if xb is None else (batch[1], "yb")
            return self._wrong("wrong-shape", f"{name} of batch {number} is {described(part)}, not an array.")
        if xb.ndim == 0 or xb.shape[1:] != self._sample_shape or yb.shape != xb.shape[:1]:
            right = ", ".join(str(size) for size in ("k", *self._sample_shape))
            what = f"The shapes of batch {number} are {xb.shape} and {yb.shape}"
            return self._wrong("wrong-shape", f"{what}; right are ({right}{',' * (right == 'k')}) and (k,).")
        rows = [
            self._rows.get(row.tobytes())
            for row in np.ascontiguousarray(xb).reshape(len(xb), self._x.shape[1])
        ]
        if strange := self._targets_wrong(rows, yb, number):
            return strange
        known = [row for row in rows if row is not None]
        repeated = [row for place, row in enumerate(known) if row in seen or row in known[:place]]
        if repeated:
            return self._wrong("wrong-value", f"Sample {repeated[0]} comes a second time, in batch {number}.")
        return known

    def _targets_wrong(self, rows: list[int | None], yb: Floats, number: int) -> Problem | None:
        for place, (row, target) in enumerate(zip(rows, yb.tolist(), strict=True)):
            partner = self._targets.get(target)
            if row is None or partner is None:
                name = "x" if row is None else "y"
                what = f"In row {place} of batch {number} there is something that is no sample of {name}."
                return self._wrong("wrong-value", what)
            if row != partner:
                what = (
                    f"In row {place} of batch {number} sample {row} of x stands beside target {partner} of y. "
                    "Take both with the same indices."
                )
                return self._wrong("wrong-value", what)
        return None

    def _sizes(self, batches: list[list[int]]) -> Problem | None:
        total = sum(map(len, batches))
        for number, batch in enumerate(batches, start=1):
            size = len(batch)
            last = number == len(batches)
            if size == self._size or (last and 0 < size < self._size and not self._case["drop_last"]):
                continue
            numbers = {"size": size, "expected": self._size}
            if last and size == self._case["samples"] % self._size and size:
                what = f"The last batch has {size} samples; with drop_last it is left out."
            elif size == 0:
                what = f"Batch {number} is empty."
            elif number == len(batches) - 1 and total == self._case["samples"]:
                what = f"Batch {number} has {size} samples; only the last one may be short."
            else:
                what = f"Batch {number} has {size} samples, not {self._size}."
            return self._wrong("wrong-shape", what, **numbers)
        return None

    def _missing(self, batches: list[list[int]]) -> Problem | None:
        samples, total = self._case["samples"], sum(map(len, batches))
        expected = samples - samples % self._size if self._case["drop_last"] else samples
        if total >= expected:
            return None
        gone = sorted(set(range(samples)) - {row for batch in batches for row in batch})
        what = f"{total} of {expected} samples came, in {len(batches)} batch{'' if len(batches) == 1 else 'es'}; "
        what += f"missing {'is' if len(gone) == 1 else 'are'} " + ", ".join(map(str, gone[:6]))
        what += ", …" if len(gone) > 6 else ""
        if not self._case["drop_last"] and total == samples - samples % self._size:
            what += ". The last, shorter batch is left out though drop_last is False"
        return self._wrong("partial-epoch", f"{what}.", samples=total, expected=expected)


# ── the order ────────────────────────────────────────────────────────────────────────────────────


def _shuffling(cases: list[list[Epoch]]) -> list[Problem]:
    """What is wrong with the order of epochs that are whole."""
    problems: list[Problem] = []
    for epochs in cases:
        case = epochs[0].case
        if not case["shuffle"]:
            problems += [_in_order(epoch) for epoch in epochs if epoch.order != sorted(epoch.order)]
            problems += [_dropped_start(epoch) for epoch in epochs if epoch.order[:1] not in ([], [0])]
        elif case["samples"] >= ENOUGH:
            problems += _not_shuffled(epochs) or _always_dropped(epochs)
    if not any(problem.slug == "not-shuffled" for problem in problems):
        problems += _not_from_rng([epoch for epochs in cases for epoch in epochs if epoch.number == 1])
    return problems


def _in_order(epoch: Epoch) -> Problem:
    what = f"the samples came as {_few(epoch.order)}; without shuffle they keep the order of the data."
    return Problem("wrong-value", f"{epoch.case['case']}: {what}", {})


def _dropped_start(epoch: Epoch) -> Problem:
    what = (
        f"the first sample is number {epoch.order[0]}; drop_last leaves out the last samples, not the first."
    )
    return Problem("wrong-value", f"{epoch.case['case']}: {what}", {})


def _not_shuffled(epochs: list[Epoch]) -> list[Problem]:
    """Orders that are those of the data, that repeat, or batches that always hold the same samples."""
    case = epochs[0].case["case"]
    epochs = [epoch for epoch in epochs if len(epoch.order) >= ENOUGH]
    for epoch in epochs:
        order = epoch.order
        pairs = list(itertools.pairwise(order))
        for step, words in ((1, "followed by the next one"), (-1, "followed by the one before")):
            kept = sum(two - one == step for one, two in pairs)
            if 2 * kept >= len(pairs):
                what = f"the samples came as {_few(order)}: {kept} of {len(order)} are {words} in the data."
                return [Problem("not-shuffled", f"{case}: {what}", {"in_order": kept, "samples": len(order)})]
    for one, two in itertools.pairwise(epochs):
        if one.order == two.order:
            what = f"epochs {one.number} and {two.number} came in the same order, {_few(one.order)}."
            return [Problem("not-shuffled", f"{case}: {what}", {"samples": len(one.order)})]
        several = 1 < len(one.batches) < len(one.order)
        if several and {frozenset(batch) for batch in one.batches} == {
            frozenset(batch) for batch in two.batches
        }:
            what = f"the batches of epochs {one.number} and {two.number} hold the same samples"
            what += f", such as {_few(one.batches[0])}."
            return [Problem("not-shuffled", f"{case}: {what}", {"samples": len(one.order)})]
    return []


def _always_dropped(epochs: list[Epoch]) -> list[Problem]:
    """Samples that drop_last leaves out in every epoch, though the order is new."""
    case = epochs[0].case
    if not case["drop_last"] or len(epochs) < 3:
        return []
    never = sorted(set(range(case["samples"])).difference(*(epoch.order for epoch in epochs)))
    if len(never) < case["samples"] % case["batch_size"]:
        return []
    what = (
        f"samples {', '.join(map(str, never))} came in none of {len(epochs)} epochs. "
        "Draw the order of all samples first, then leave out the last, short batch."
    )
    return [Problem("partial-epoch", f"{case['case']}: {what}", {"never": len(never)})]


def _not_from_rng(firsts: list[Epoch]) -> list[Problem]:
    """Orders that differ though the generator began alike, or agree though it did not."""
    alike: dict[tuple[int, int, bool], list[Epoch]] = {}
    for epoch in firsts:
        if epoch.case["shuffle"] and epoch.case["samples"] >= ENOUGH:
            case = epoch.case
            alike.setdefault((case["samples"], case["batch_size"], case["drop_last"]), []).append(epoch)
    for epochs in alike.values():
        for one, two in itertools.pairwise(epochs):
            same_seed = one.case["seed"] == two.case["seed"]
            if same_seed and one.order != two.order:
                what = (
                    f"two generators with the same seed gave two orders, {_few(one.order)} and {_few(two.order)}. "
                    "Draw the order from `rng` and from nothing else."
                )
                return [Problem("wrong-value", f"{one.case['case']}: {what}", {})]
            if not same_seed and one.order == two.order:
                what = f"generators of different seeds gave the same order, {_few(one.order)}: `rng` is not used."
                return [Problem("wrong-value", f"{one.case['case']}: {what}", {})]
    return []


def _few(order: list[int]) -> str:
    return ", ".join(map(str, order[:6])) + (", …" if len(order) > 6 else "")
