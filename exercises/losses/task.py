"""The cases of losses, drawn from a challenge, and their right answers.  The examiner alone runs this."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.examiner.answers import Answer, Answers, Judgement, described, numbers_of

Files = dict[str, bytes]
Case = dict[str, Any]
Floats = npt.NDArray[np.float64]
Slips = dict[str, Callable[[Floats, Any], float]]

TOLERANCE = 1e-5
"""Relative to the loss or the largest score, whichever is larger: single precision is good enough."""
HUGE = 1000.0


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────


def draw(seeds: dict[str, int], real: Path | None) -> tuple[Files, Files, dict[str, int | float | str]]:
    """The cases as "cases.json", no hidden files and no parameters.

    The first case of each function is the lesson's; all others follow from the seed "train".
    """
    random = np.random.default_rng(np.random.SeedSequence(seeds["train"]))
    cases = {"cross_entropy": list(_scores(random)), "mse": list(_predictions(random))}
    return {"cases.json": json.dumps(cases).encode()}, {}, {}


def _scores(random: np.random.Generator) -> Iterator[Case]:
    yield _case("the lesson's three scores", logits=[2.0, 1.0, 0.1], target=0)
    classes, samples = int(random.integers(4, 8)), int(random.integers(8, 12))
    yield _case("one sample", logits=_normal(random, classes), target=int(random.integers(1, classes)))
    targets = random.integers(0, classes, size=samples).tolist()
    yield _case("a batch", logits=_normal(random, samples, classes), target=targets)
    targets = random.permutation(classes).tolist()
    yield _case(
        "a batch with as many samples as classes", logits=_normal(random, classes, classes), target=targets
    )
    yield _case("a batch of one", logits=_normal(random, 1, classes), target=[int(random.integers(classes))])
    whole = random.integers(-4, 5, size=(samples, classes)).tolist()
    yield _case(
        "whole-numbered scores", logits=whole, target=random.integers(0, classes, size=samples).tolist()
    )

    offset = float(random.integers(1, 9))
    yield _case("a huge score for the right class", huge=True, logits=[HUGE + offset, 0.0, -HUGE], target=0)
    yield _case("a huge score for a wrong class", huge=True, logits=[HUGE, -HUGE - offset, offset], target=1)
    logits = [-HUGE - offset, -HUGE, -HUGE - 2 * offset]
    yield _case("hugely negative scores for all classes", huge=True, logits=logits, target=2)
    rows = random.normal(0.0, 2.0, size=(4, classes)) + np.array([[HUGE], [-HUGE], [0.0], [offset]])
    targets = random.integers(0, classes, size=4).tolist()
    yield _case(
        "a batch with huge scores in some rows", huge=True, logits=rows.round(3).tolist(), target=targets
    )


def _predictions(random: np.random.Generator) -> Iterator[Case]:
    yield _case("the lesson's three numbers", pred=[2.5, 3.1, 4.0], target=[3, 3, 4])
    samples, width = int(random.integers(5, 9)), int(random.integers(2, 5))
    yield _case("two vectors", pred=_normal(random, samples), target=_normal(random, samples))
    yield _case("two matrices", pred=_normal(random, samples, width), target=_normal(random, samples, width))
    yield _case("two columns", pred=_normal(random, samples, 1), target=_normal(random, samples, 1))
    pred, target = random.integers(-9, 10, size=(2, samples)).tolist()
    yield _case("whole numbers", pred=pred, target=[*target[:-1], pred[-1] + 1])
    yield _case("a prediction that is right", pred=[1.5, -2.0], target=[1.5, -2.0])


def _normal(random: np.random.Generator, *shape: int) -> Any:
    return random.normal(0.0, 2.0, size=shape).round(3).tolist()


def _case(case: str, huge: bool = False, **arguments: Any) -> Case:
    return {"case": case, "huge": huge, **arguments}


# ── judging ──────────────────────────────────────────────────────────────────────────────────────


def judge(
    answers: Answers, training: Files, hidden: Files, parameters: dict[str, int | float | str]
) -> Judgement:
    """Compare what both functions gave in every drawn case; at most one finding a function and slug."""
    judgement = Judgement()
    cases = json.loads(training["cases.json"])
    for function, first, right, slips in (
        ("cross_entropy", "logits", cross_entropy, CROSS_ENTROPY_SLIPS),
        ("mse", "pred", mse, MSE_SLIPS),
    ):
        given = [(item, answers.case(function, item["case"])) for item in cases[function]]
        known = [(item, answer) for item, answer in given if answer is not None]
        if len(known) < len(given):
            reason = f"what `{function}` gave was not recorded for every case"
            judgement.unknown("wrong-value", function, reason)
            continue
        for item, answer in known:
            if answer.mutated:
                names = " and ".join(f"`{name}`" for name in answer.mutated)
                evidence = (
                    f"After `{function}` was called ({item['case']}), {names} held other values than before."
                )
                judgement.found("input-mutated", function, evidence)
                break
        _Function(judgement, function, first, known, right, slips).judge()
    return judgement


class _Function:
    """One function's answers beside the right ones."""

    def __init__(
        self,
        judgement: Judgement,
        name: str,
        first: str,
        known: list[tuple[Case, Answer]],
        right: Callable[[Floats, Any], float],
        slips: dict[str, Slips],
    ) -> None:
        self.judgement, self.name, self.first, self.slips = judgement, name, first, slips
        self.given = [
            (item, answer.value, (np.array(item[first], dtype=np.float64), np.array(item["target"])))
            for item, answer in known
        ]
        self.right = {item["case"]: right(*arguments) for item, _, arguments in self.given}

    def judge(self) -> None:
        """Say what is wrong: the form first, then ordinary cases, then huge scores."""
        if any(number_of(value) is None for _, value, _ in self.given):
            self._form()
        elif any(not self._close(*part) for part in self.given if not part[0]["huge"]):
            self._value()
        else:
            self._huge()

    def _close(self, item: Case, value: Any, arguments: tuple[Floats, Any]) -> bool:
        return near(number_of(value), self.right[item["case"]], arguments[0])

    def _form(self) -> None:
        item, value, (numbers, _) = next(part for part in self.given if number_of(part[1]) is None)
        evidence = f"`{self.name}` gave {described(value)} for {self._shown(item, numbers)}, not one number."
        shape = np.shape(value) if isinstance(value, (np.ndarray, list)) else ()
        if shape == numbers.shape[: len(shape)] and shape:
            evidence += " A loss is one number: their mean."
        elif value is None:
            evidence += " Is there a `return`?"
        self.judgement.found("wrong-shape", self.name, evidence)

    def _value(self) -> None:
        ordinary = [part for part in self.given if not part[0]["huge"]]
        item, value, (numbers, _) = next(part for part in ordinary if not self._close(*part))
        slug, slip = self._slip(ordinary)
        got, expected = number_of(value), self.right[item["case"]]
        assert got is not None
        evidence = (
            f"`{self.name}` gave {got:.6g} for {self._shown(item, numbers)}; right is {expected:.6g}."
            f"{' ' if slip else ''}{slip}"
        )
        self.judgement.found(slug, self.name, evidence, **_numbers(got, expected))

    def _slip(self, given: list[tuple[Case, Any, tuple[Floats, Any]]]) -> tuple[str, str]:
        """The slug and the words for the first mistake that explains every one of these cases."""
        with np.errstate(all="ignore"):
            for slug, slips in self.slips.items():
                for words, wrong in slips.items():
                    if all(
                        near(number_of(value), wrong(*arguments), arguments[0])
                        for _, value, arguments in given
                    ):
                        return slug, words
        return "wrong-value", ""

    def _huge(self) -> None:
        for item, value, (numbers, _) in self.given:
            got, expected = number_of(value), self.right[item["case"]]
            assert got is not None
            if near(got, expected, numbers):
                continue
            evidence = (
                f"`{self.name}` gave {got:.6g} for {self._shown(item, numbers)}; right is {expected:.6g}."
            )
            if math.isnan(got):
                evidence += " An exponential overflowed or all of them were rounded to zero: inf/inf or 0/0."
            elif math.isinf(got):
                evidence += (
                    " An exponential overflowed, or a probability was rounded to zero before its logarithm."
                )
            else:
                evidence += (
                    " The loss is cut off, by a small number inside the logarithm or by limits on scores."
                )
            self.judgement.found("unstable-loss", self.name, evidence, **_numbers(got, expected))
            return

    def _shown(self, item: Case, numbers: Floats) -> str:
        if numbers.size <= 8:
            return f"{self.first} = {item[self.first]} and target = {item['target']}"
        return f"{self.first} of shape {numbers.shape} ({item['case']})"


def number_of(value: Any) -> float | None:
    """A single number as a float; None for anything else.  A list is no number, even one of length 1."""
    number = None if isinstance(value, (list, tuple)) else numbers_of(value, ())
    return None if number is None else float(number)


def near(value: float | None, expected: float, numbers: Floats) -> bool:
    """Whether two losses of these scores (or predictions) agree up to rounding."""
    most = max(1.0, abs(expected), float(np.abs(numbers).max()))
    return value is not None and abs(value - expected) <= TOLERANCE * most


def _numbers(got: float, expected: float) -> dict[str, float]:
    return {"expected": expected} | ({"got": got} if math.isfinite(got) else {})


def _log_softmax(logits: Floats, axis: int | None = -1) -> Floats:
    shifted = logits - logits.max(axis=axis, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return result


def _picked(values: Floats, target: Any) -> Floats:
    """Each sample's number at its target, shape (N,)."""
    rows = values.reshape(-1, values.shape[-1])
    picked: Floats = rows[np.arange(len(rows)), np.reshape(target, -1)]
    return picked


def cross_entropy(logits: Floats, target: Any) -> float:
    """The mean of log(sum(exp(logits))) - logits[target] over samples; shapes (C,) and (), or (N, C) and (N,)."""
    return float(np.mean(0.0 - _picked(_log_softmax(logits), target)))


def mse(pred: Floats, target: Any) -> float:
    """The mean of all squared differences of two arrays of one shape."""
    return float(np.mean((pred - target) ** 2))


def _classes(logits: Floats) -> int:
    return int(logits.shape[-1])


def _samples(logits: Floats) -> int:
    return max(1, logits.size // _classes(logits))


def _all_pairs(logits: Floats, target: Any) -> float:
    return float(-_log_softmax(logits)[..., np.reshape(target, -1)].mean())


def _binary(logits: Floats, target: Any) -> float:
    """Every class as a yes-or-no question of its own, summed over classes."""
    signs = np.ones_like(logits.reshape(-1, _classes(logits)))
    signs[np.arange(len(signs)), np.reshape(target, -1)] = -1
    losses = np.logaddexp(0.0, signs * logits.reshape(signs.shape))
    return float(losses.sum(axis=1).mean())


CROSS_ENTROPY_SLIPS: dict[str, Slips] = {
    "wrong-average": {
        "That is the sum over the batch: divide by the number of samples.": lambda z, t: (
            cross_entropy(z, t) * _samples(z)
        ),
        "That is the mean over samples and classes: divide by the number of samples only.": lambda z, t: (
            cross_entropy(z, t) / _classes(z)
        ),
        "That is the sum over the samples divided by the number of classes: divide by the number of samples.": (
            lambda z, t: cross_entropy(z, t) * _samples(z) / _classes(z)
        ),
        "It is divided by the number of samples twice.": lambda z, t: cross_entropy(z, t) / _samples(z),
    },
    "wrong-value": {
        "The sign is missing: a logarithm of a probability is negative, a loss is not.": lambda z, t: (
            -cross_entropy(z, t)
        ),
        "That is the logarithm to base 2: use the natural one, `np.log`.": lambda z, t: (
            cross_entropy(z, t) / math.log(2)
        ),
        "That is the logarithm to base 10: use the natural one, `np.log`.": lambda z, t: (
            cross_entropy(z, t) / math.log(10)
        ),
        "The softmax runs down the batch (axis 0): each sample's classes must add up to 1, along the last axis.": (
            lambda z, t: float(-_picked(_log_softmax(z, axis=0), t).mean())
        ),
        "The softmax runs over the whole batch: each sample's classes must add up to 1.": lambda z, t: float(
            -_picked(_log_softmax(z, axis=None), t).mean()
        ),
        "The target is one too low: classes are counted from 0.": lambda z, t: cross_entropy(z, t - 1),
        "The target is one too high: classes are counted from 0.": lambda z, t: cross_entropy(
            z, (t + 1) % _classes(z)
        ),
        "That is minus the score of the right class: the softmax is missing.": lambda z, t: float(
            -_picked(z, t).mean()
        ),
        "That is log(sum(exp)) alone: the score of the right class has to be subtracted.": lambda z, t: float(
            _picked(z - _log_softmax(z), t).mean()
        ),
        "That is minus the probability itself: its logarithm is missing.": lambda z, t: float(
            -_picked(np.exp(_log_softmax(z)), t).mean()
        ),
        "That is 1 minus the probability: the loss is minus its logarithm.": lambda z, t: float(
            1 - _picked(np.exp(_log_softmax(z)), t).mean()
        ),
        "That is the probability of the right class; the loss is minus its logarithm.": lambda z, t: float(
            _picked(np.exp(_log_softmax(z)), t).mean()
        ),
        "The logarithm is taken of the mean probability: take it for each sample, then the mean.": lambda z, t: (
            float(-np.log(_picked(np.exp(_log_softmax(z)), t).mean()))
        ),
        "Softmax is applied twice.": lambda z, t: cross_entropy(np.exp(_log_softmax(z)), t),
        "That is the first sample's loss only.": lambda z, t: float(-_picked(_log_softmax(z), t)[0]),
        "That is the last sample's loss only.": lambda z, t: float(-_picked(_log_softmax(z), t)[-1]),
        "The target is ignored: that is the loss of the class with the largest score.": lambda z, t: float(
            -_log_softmax(z).max(axis=-1).mean()
        ),
        "`p[:, target]` takes all targets for every sample: `p[np.arange(N), target]` takes one each.": _all_pairs,
        "Each class was taken as a yes-or-no question; only the right class's probability counts.": _binary,
        "The mean over all classes was taken; only the right class counts.": lambda z, t: float(
            -_log_softmax(z).mean()
        ),
    },
}
"""What a likely mistake would give, by its slug and what to say about it."""


def _per_row(pred: Floats, target: Any) -> Floats:
    squares: Floats = (pred - target) ** 2
    return squares.reshape(len(squares), -1)


MSE_SLIPS: dict[str, Slips] = {
    "wrong-average": {
        "That is the sum: divide by how many numbers there are.": lambda p, t: mse(p, t) * p.size,
        "For a matrix it is the sum over columns: divide by how many numbers there are, not only by the rows.": (
            lambda p, t: float(_per_row(p, t).sum(axis=1).mean())
        ),
        "For a matrix it is the sum over rows: divide by how many numbers there are, not only by the columns.": (
            lambda p, t: float(np.mean((p - t) ** 2, axis=-1).sum())
        ),
        "It is divided by one too few: n, not n - 1.": lambda p, t: mse(p, t) * p.size / (p.size - 1),
    },
    "wrong-value": {
        "That is half of it: there is no 1/2 in a mean squared error.": lambda p, t: mse(p, t) / 2,
        "That is the root of it: leave the square root out.": lambda p, t: math.sqrt(mse(p, t)),
        "These are absolute differences: square them.": lambda p, t: float(np.mean(np.abs(p - t))),
        "The differences are not squared.": lambda p, t: float(np.mean(p - t)),
        "The mean is squared: square each difference first, then take the mean.": lambda p, t: float(
            np.mean(p - t) ** 2
        ),
        "The sign is wrong: squares are never negative.": lambda p, t: -mse(p, t),
        "The differences are cut to whole numbers.": lambda p, t: float(np.mean(np.trunc(p - t) ** 2)),
        "The predictions are cut to whole numbers.": lambda p, t: mse(np.trunc(p), t),
        "That is the difference of the squares: subtract first, then square.": lambda p, t: float(
            np.mean(p**2 - np.asarray(t) ** 2)
        ),
        "Every prediction is compared with every target.": lambda p, t: float(
            np.mean((np.reshape(p, (-1, 1)) - np.reshape(t, (1, -1))) ** 2)
        ),
    },
}
"""What a likely mistake would give, by its slug and what to say about it."""
