"""The judge of linreg-python and linreg-numpy: replays each call, names the slip, and says what could not be told."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from grader.examiner.answers import Answers, Judgement, described
from grader.examiner.linreg.case import SINGLE, Case, line_of, same
from grader.examiner.linreg.courses import Candidate
from grader.examiner.linreg.descent import RIGHT, SLIPS, Floats, Rule, Slip, pairs
from grader.examiner.linreg.passes import flaws

FUNCTION = "train"
SLUGS = (
    "wrong-shape",
    "wrong-value",
    "missing-step",
    "non-finite-loss",
    "drained-iterator",
    "same-batch-repeated",
    "partial-epoch",
    "wrong-gradient",
    "wrong-average",
    "missing-zero-grad",
    "step-before-backward",
    "wrong-update",
    "not-shuffled",
    "wrong-hyperparameter",
)
"""All that this judge can find."""
OF_ORDER = ("partial-epoch", "not-shuffled")
"""What only the order of the points tells, if the line is as near as a right loop's would be."""
_OF_VALUES = ("wrong-gradient", "wrong-average", "missing-zero-grad", "wrong-update", "step-before-backward")
_FAR, _CLOSE = 8.0, 4.0  # standard deviations of what random orders give


class _Verdicts:
    """What was found and what could not be told, each slug once: the first case to show it counts."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[str, dict[str, float | int | str]]] = {}
        self.unknown: dict[str, str] = {}

    def find(self, slug: str, evidence: str, **numbers: float | int | str) -> None:
        self.found.setdefault(slug, (evidence, numbers))

    def cannot_tell(self, slugs: Sequence[str], reason: str) -> None:
        for slug in slugs:
            self.unknown.setdefault(slug, reason)

    def write(self, judgement: Judgement) -> None:
        for slug in SLUGS:
            if slug in self.found:
                evidence, numbers = self.found[slug]
                judgement.found(slug, FUNCTION, evidence, **numbers)
            elif slug in self.unknown:
                judgement.unknown(slug, FUNCTION, self.unknown[slug])
            else:
                judgement.clear(slug, FUNCTION)


def judge_lines(
    answers: Answers, x: Floats, y: Floats, sizes: dict[str, int], batch_size: int, epochs: int, lr: float
) -> Judgement:
    """Judge a loop that was called once for each of `sizes`: a case's name, and how many of the points it got."""
    verdicts = _Verdicts()
    cases = []
    for name, size in sizes.items():
        answer = answers.case(FUNCTION, name)
        if answer is not None:
            cases.append(Case(answer, x[:size], y[:size], batch_size, epochs, lr))
    for case in cases:
        _returned(case.answer.value, verdicts)
    readable = [case for case in cases if case.line is not None]
    if len(readable) == len(cases) and cases:
        _values(readable, verdicts)
    judgement = Judgement()
    verdicts.write(judgement)
    return judgement


def _returned(value: Any, verdicts: _Verdicts) -> None:
    """The form of what came back: two numbers, and nothing else."""
    if line_of(value) is None:
        what = described(value)
        if isinstance(value, (tuple, list)) and len(value) == 2:
            what = " and ".join(described(item) for item in value)
        verdicts.find("wrong-shape", f"`train` returned {what}; the pair of numbers (w, b) was asked for.")
    elif isinstance(value, dict) or len(value) != 2:
        verdicts.find("wrong-value", f"`train` returned {described(value)}; the pair (w, b) was asked for.")


def _values(cases: list[Case], verdicts: _Verdicts) -> None:
    """What the numbers say."""
    lines = [case.line for case in cases if case.line is not None]
    if any(not (math.isfinite(w) and math.isfinite(b)) for w, b in lines):
        w, b = next(line for line in lines if not all(math.isfinite(number) for number in line))
        verdicts.find("non-finite-loss", f"`train` returned w = {w:g}, b = {b:g}: the training diverged.")
        return
    if all(line == (0.0, 0.0) for line in lines):
        text = "`train` returned w = 0 and b = 0, where it started: no step ever moved them."
        verdicts.find("missing-step", text, w=0.0, b=0.0)
        return
    wrong = [case for case in cases if case.right is None]
    if not wrong:
        for case in cases:
            assert case.right is not None
            _passes(case, case.right, verdicts)
        return
    for explain in (_crossed, _swapped, _slip, _start, _batch_size, _rate, _two_slips):
        if explain(cases, verdicts):
            return
    _unexplained(wrong, verdicts)


def _passes(case: Case, candidate: Candidate, verdicts: _Verdicts) -> None:
    for flaw in flaws(candidate, case.setting, case.notes):
        verdicts.find(flaw.slug, flaw.evidence, **flaw.numbers)


def _sentence(case: Case) -> tuple[str, dict[str, float | int | str]]:
    """What was asked, what came back and what should have, with the numbers."""
    assert case.line is not None
    setting, (w, b), (right_w, right_b) = case.setting, case.line, case.expected()
    text = (
        f"For {setting.points} points, {setting.epochs} epochs, batches of {setting.batch_size} and the rate "
        f"{case.problem.lr:g}, `train` returned w = {w:.6g}, b = {b:.6g}; "
        f"right steps on the same batches come to w = {right_w:.6g}, b = {right_b:.6g}."
    )
    return text, {"w": w, "b": b, "wanted_w": right_w, "wanted_b": right_b}


def _told(cases: list[Case], slug: str, words: str, verdicts: _Verdicts, **more: float | int | str) -> None:
    """A finding that a counterfactual explains."""
    wrong = next((case for case in cases if case.right is None), cases[0])
    text, numbers = _sentence(wrong)
    verdicts.find(
        slug, f"{text} What came back is exactly what a loop computes where {words}.", **numbers, **more
    )


def _crossed(cases: list[Case], verdicts: _Verdicts) -> bool:
    """The x of one point was multiplied by the error of another."""
    for case in cases:
        crossed, right = sum(case.notes.get("crossed", [])[:1]), len(case.notes.get("products", []))
        if crossed > right:
            text = (
                f"In {crossed} of {crossed + right} products for the gradient of w, the x of one point met the "
                "error of another: x and y have come apart, as when they are shuffled separately."
            )
            verdicts.find("wrong-gradient", text, crossed=crossed, right=right)
            return True
    return False


def _swapped(cases: list[Case], verdicts: _Verdicts) -> bool:
    """(b, w) instead of (w, b)."""
    turned = [Case(case.answer, *_given(case)) for case in cases]
    for case in turned:
        assert case.line is not None
        case.line = (case.line[1], case.line[0])
    if any(case.right is None for case in turned):
        return False
    assert cases[0].line is not None
    w, b = cases[0].line
    text = f"`train` returned ({w:.6g}, {b:.6g}): the intercept first; (w, b) was asked for, the slope first."
    verdicts.find("wrong-value", text)
    for case in turned:
        assert case.right is not None
        _passes(case, case.right, verdicts)
    return True


def _given(case: Case) -> tuple[Floats, Floats, int, int, float]:
    problem = case.problem
    return problem.x, problem.y, case.setting.batch_size, case.setting.epochs, problem.lr


def _explained(cases: list[Case], rule: Rule) -> list[Candidate] | None:
    """How each case comes out of one rule; None unless all of them do."""
    found = []
    for case in cases:
        candidate = case.explained(rule)
        if candidate is None:
            return None
        found.append(candidate)
    return found


def _slip(cases: list[Case], verdicts: _Verdicts) -> bool:
    for slip in SLIPS:
        if (readings := _explained(cases, slip.rule())) is not None:
            _told(cases, slip.slug, slip.words, verdicts)
            for case, candidate in zip(cases, readings, strict=True):
                _passes(case, candidate, verdicts)
            return True
    assert all(case.line is not None for case in cases)
    if all(same(case.line, case.least_squares(), 1e-6) for case in cases if case.line is not None):
        words = "the line of least squares is computed at once, without steps"
        _told(cases, "wrong-update", words, verdicts)
        return True
    return False


def _two_slips(cases: list[Case], verdicts: _Verdicts) -> bool:
    for one, two in () if any(case.long for case in cases) else pairs():
        if (readings := _explained(cases, two.rule(one.rule()))) is not None:
            _told(cases, one.slug, f"{one.words}; and {two.words}", verdicts)
            _told(cases, two.slug, f"{two.words}; and {one.words}", verdicts)
            for case, candidate in zip(cases, readings, strict=True):
                _passes(case, candidate, verdicts)
            return True
    return False


def _start(cases: list[Case], verdicts: _Verdicts) -> bool:
    starts = [case.start() for case in cases]
    told = [item for item in starts if item is not None]
    if len(told) < len(cases):
        return False
    w, b = told[0][0]
    words = f"w and b start at {w:g} and {b:g}; both have to start at 0"
    _told(cases, "wrong-hyperparameter", words, verdicts, start_w=w, start_b=b)
    for case, (_, candidate) in zip(cases, told, strict=True):
        _passes(case, candidate, verdicts)
    return True


def _batch_size(cases: list[Case], verdicts: _Verdicts) -> bool:
    sizes = [case.batch_sizes() for case in cases]
    shared = set.intersection(*(set(found) for found in sizes))
    whole = all(case.setting.points in found for case, found in zip(cases, sizes, strict=True))
    if not shared and not whole:
        return False
    wanted = cases[0].setting.batch_size
    chosen = [case.setting.points if whole else min(shared) for case in cases]
    words = "each step uses all the points" if whole else f"the batches have {min(shared)} points"
    _told(
        cases,
        "wrong-hyperparameter",
        f"{words}; {wanted} were asked for",
        verdicts,
        batch_size=chosen[0],
        wanted_batch_size=wanted,
    )
    for case, found, size in zip(cases, sizes, chosen, strict=True):
        if size != case.setting.points:
            _passes(case, found[size], verdicts)
    return True


def _rate(cases: list[Case], verdicts: _Verdicts) -> bool:
    rates = [case.rates([RIGHT]) for case in cases]
    told = [item for item in rates if item is not None]
    if len(told) < len(cases) or any(abs(item[0] / told[0][0] - 1) > 1e-6 for item in told):
        return False
    wanted = cases[0].problem.lr
    words = f"the learning rate is {told[0][0]:.6g}; {wanted:g} was asked for"
    _told(cases, "wrong-hyperparameter", words, verdicts, lr=told[0][0], wanted_lr=wanted)
    for case, (_, _, candidate) in zip(cases, told, strict=True):
        _passes(case, candidate, verdicts)
    return True


def _unexplained(wrong: list[Case], verdicts: _Verdicts) -> None:
    """No known slip comes to these numbers."""
    single = [(case, case.near(SINGLE)) for case in wrong]
    if all(candidate is not None for _, candidate in single):
        for case, candidate in single:
            assert candidate is not None
            _passes(case, candidate, verdicts)
    elif all(case.near() for case in wrong):
        reason = "the line is all but equal to the right one: rounded, or computed with fewer digits"
        verdicts.cannot_tell(_OF_VALUES, reason)
    elif any(case.followed is None for case in wrong):
        _by_spread(wrong, verdicts)
    else:
        text, numbers = _sentence(wrong[0])
        verdicts.find(
            "wrong-update", f"{text} No mistake that is known here explains the difference.", **numbers
        )
        for case in wrong:
            assert case.followed is not None
            _passes(case, case.followed, verdicts)


def _by_spread(wrong: list[Case], verdicts: _Verdicts) -> None:
    """The order could not be followed: only a line further off than any order explains is wrong."""
    far = next((case for case in wrong if case.spread()[2] > _FAR), None)
    if far is None:
        reason = (
            "the order in which the points were used could not be followed; "
            "the returned line is as near as a right loop's would be"
        )
        verdicts.cannot_tell(OF_ORDER, reason)
        return
    assert far.line is not None
    mean, deviation, _ = far.spread()
    text = (
        f"For {far.setting.points} points, {far.setting.epochs} epochs, batches of {far.setting.batch_size} and "
        f"the rate {far.problem.lr:g}, `train` returned w = {far.line[0]:.6g}, b = {far.line[1]:.6g}; right steps "
        f"come to about w = {mean[0]:.3g}, b = {mean[1]:.3g}, and with the order of the points that changes by "
        f"about {deviation[0]:.1g} and {deviation[1]:.1g}."
    )
    fits = [(sum(_misfit(case, item) for case in wrong), number) for number, item in enumerate(SLIPS)]
    least, number = min(fits)
    slip = SLIPS[number] if math.isfinite(least) else None
    slug = slip.slug if slip else "wrong-update"
    more = f" It is what comes out where {slip.words}." if slip else ""
    verdicts.find(slug, text + more, w=far.line[0], b=far.line[1], wanted_w=mean[0], wanted_b=mean[1])


def _misfit(case: Case, slip: Slip) -> float:
    """How badly a slip explains a line, as a negative log-likelihood; infinite where it does not."""
    _, deviation, away = case.spread(slip.rule())
    if not away < _CLOSE:
        return math.inf
    return away**2 / 2 + sum(math.log(max(width, 1e-9)) for width in deviation)
