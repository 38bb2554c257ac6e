"""Checks of gradient clipping: whether the gradient that a step uses is within the limit, and why it is not.

What counts is the norm of all gradients at the moment of the step, so that a clip by hand is as good as
`clip_grad_norm_`.  The calls of the latter say what went wrong where the norm is too large.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grader.checks.registry import Clear, Facts, Found, Unknown, Verdict, check
from grader.checks.steps import BY_HAND
from sandbox.trace import Row

OVER = 1e-2  # relative, by which a norm exceeds the limit for certain
SAME = 1e-3  # relative, between norms that were cut to the same limit
AT_LEAST = 2
SCALED = 32.0  # times what a step used: a clip saw gradients that still held a scale
ENOUGH = 5  # steps that a rule is read off
SPREAD = 0.1  # of the logarithms of norms, and of what they were multiplied by, from which a power is told
CLUSTER = 0.6  # of the steps that have the same norm when every one is cut

Kind = Literal["before", "after", "missing", "other"]


@dataclass
class Cut:
    """One step: the norm of all gradients it used, and the clips around it.

    `early` came before the last of its backwards, `due` after that and before it, `late` right after it,
    `active_early` counts those of `early` that cut gradients to which a backward was then added; `scaled`: a
    clip saw gradients that a gradient scaler's factor was still in.
    """

    row: Row
    norm: float
    early: list[Row] = field(default_factory=list)
    due: list[Row] = field(default_factory=list)
    late: list[Row] = field(default_factory=list)
    active_early: int = 0
    scaled: bool = False


def limit_of(facts: Facts) -> float | None:
    """The norm that the exercise asks gradients to be clipped to."""
    value = facts.evidence.parameters.get("max_norm")
    return float(value) if isinstance(value, (int, float)) else None


def cuts(facts: Facts) -> list[Cut]:
    """The watched steps of an optimizer whose norm was read, in order."""
    found: list[Cut] = []
    windows = list(_windows(facts))
    clips_first = bool(windows) and _clips_first(windows[0])
    for rows in windows:
        found += _cuts(rows, clips_first=clips_first)
    return found


def _windows(facts: Facts) -> Iterator[list[Row]]:
    by_window: dict[int, list[Row]] = {}
    for row in facts.of(Row):
        by_window.setdefault(row.window, []).append(row)
    yield from by_window.values()


def _clips_first(rows: list[Row]) -> bool:
    """Whether the run's first clip came before its first backward."""
    first = next((row.beat for row in rows if row.beat in "CBA"), "")
    return first == "C"


def _cuts(rows: list[Row], *, clips_first: bool) -> list[Cut]:
    found: list[Cut] = []
    clips: list[Row] = []  # since the last backward
    early: list[Row] = []  # before it, since the last step
    active = 0
    just_stepped = partly = False  # partly: some gradients of the next step are there
    scale = scaled = False
    for row in rows:
        if row.beat in "XU":
            scale = row.beat == "X"
        elif row.beat == "C" and "b" not in row.flags:
            scaled = scaled or scale
            if just_stepped and found and not clips_first:
                found[-1].late.append(row)
            else:
                clips.append(row)
        elif row.beat in "BA":
            active += sum(shortens(clip) for clip in clips) if partly else 0
            early, clips, just_stepped, partly = early + clips, [], False, True
        elif row.beat in "DFL":
            just_stepped = False
        elif row.beat == "Z":
            active, partly = 0, False
        elif row.beat == "s":
            norm = _norm(row)
            if norm is not None:
                found.append(Cut(row, norm, early, clips, active_early=active, scaled=scaled))
            early, clips, active = [], [], 0
            just_stepped, partly, scale, scaled = True, False, False, False
    return found


def _norm(row: Row) -> float | None:
    """The norm a step really uses: a fused step divides by a scaler's factor itself."""
    return None if row.value is None else row.value / (row.extra or 1.0)


def shortens(clip: Row) -> bool:
    """Whether a clip found a norm above its limit; an infinite one belongs to a step that a scaler leaves out."""
    if clip.beat != "C" or clip.value is None or clip.extra is None or not math.isfinite(clip.value):
        return False
    return clip.value > clip.extra * (1 + OVER)


def too_long(facts: Facts) -> tuple[list[Cut], int]:
    """The steps whose gradients were longer than the limit, and how many steps were watched."""
    limit, seen = limit_of(facts), cuts(facts)
    if limit is None:
        return [], len(seen)
    long = [cut for cut in seen if cut.norm > limit * (1 + OVER)]
    return (long if len(long) >= min(AT_LEAST, len(seen)) else []), len(seen)


def _why(cut: Cut, limit: float) -> Kind:
    if any(clip.extra is not None and abs(clip.extra / limit - 1) > SAME for clip in cut.due):
        return "other"  # another limit: a wrong number
    if any(clip.text == "clip_grad_value_" for clip in cut.due):
        return "other"
    if cut.due:
        return "missing"  # other parameters, or another norm
    if cut.early:
        return "before"
    return "after" if cut.late else "missing"


def _kind(facts: Facts) -> tuple[Kind | None, list[Cut], int]:
    """What is wrong with most of the steps that are too long."""
    long, watched = too_long(facts)
    limit = limit_of(facts)
    if not long or not limit:
        return None, [], watched
    if wrong_limit(facts) is not None:
        return "other", long, watched
    kind, _ = Counter(_why(cut, limit) for cut in long).most_common(1)[0]
    return kind, long, watched


def _numbers(facts: Facts, long: list[Cut], watched: int) -> dict[str, float | int | str]:
    return {
        "steps": watched,
        "steps_above_limit": len(long),
        "largest_norm": max(cut.norm for cut in long),
        "max_norm": limit_of(facts) or 0.0,
    }


def _said(numbers: dict[str, float | int | str]) -> str:
    return (
        f"In {numbers['steps_above_limit']} of {numbers['steps']} watched steps the norm of the gradients was above "
        f"the limit of {numbers['max_norm']:.4g} when the step came: {numbers['largest_norm']:.4g} at most."
    )


@check("clip-before-backward")
def clip_before_backward(facts: Facts) -> Verdict:
    """Clips that see no gradient, an old one, or only a part of what the step uses."""
    kind, long, watched = _kind(facts)
    lines = (facts.line_of("C"), facts.line_of("B") or facts.line_of("A"))
    if kind == "before":
        numbers = _numbers(facts, long, watched)
        text = f"{_said(numbers)}  The clip had come before the backward pass whose gradient the step used."
        return Found(text, lines, numbers)
    if limit_of(facts) is None or kind is not None:
        return Clear()
    seen = cuts(facts)
    partly = [cut for cut in seen if cut.active_early]
    if len(partly) < min(AT_LEAST, len(seen)) or not partly:
        return Clear()
    text = (
        f"In {len(partly)} of {len(seen)} watched steps a clip shortened gradients before all of the step's "
        "micro-batches had gone backward, so what was gathered first counts less than what came last."
    )
    return Found(text, lines, {"steps": len(seen), "steps_clipped_in_parts": len(partly)})


@check("clip-after-step")
def clip_after_step(facts: Facts) -> Verdict:
    """Clips that come when the step has already used the gradient."""
    kind, long, watched = _kind(facts)
    if kind != "after":
        return Clear()
    numbers = _numbers(facts, long, watched)
    text = f"{_said(numbers)}  The clip came only after the step."
    return Found(text, (facts.line_of("S"), facts.line_of("C")), numbers)


@check("missing-clip")
def missing_clip(facts: Facts) -> Verdict:
    """Gradients above the limit that nothing has shortened."""
    kind, long, watched = _kind(facts)
    if kind == "missing":
        numbers = _numbers(facts, long, watched)
        text = _said(numbers)
        due = [clip for cut in long for clip in cut.due]
        text += (
            "  There was a clip before it, but of other parameters or by another norm."
            if due
            else "  Nothing had shortened them."
        )
        return Found(text, (facts.line_of("C"), facts.line_of("S")), numbers)
    if limit_of(facts) is not None and not watched and facts.moved and not facts.count("S"):
        return Unknown(
            "the parameters were moved by hand, and the gradients that moved them could not be read"
        )
    return Clear()


def wrong_limit(facts: Facts) -> Found | None:
    """Gradients clipped to another limit than the exercise's, or value by value."""
    limit, seen = limit_of(facts), cuts(facts)
    if not limit or len(seen) < AT_LEAST or any(cut.scaled for cut in seen):
        return None  # clipped before it was unscaled: another finding's business
    by_value = [clip for cut in seen for clip in cut.due if clip.text == "clip_grad_value_"]
    if len(by_value) * 2 > len(seen):
        text = f"The exercise asks for a norm of at most {limit:.4g}; your loop cuts each number by itself."
        return Found(text, (by_value[0].line,), {"wanted_max_norm": limit})
    said = [_in_true_units(clip, cut) for cut in seen for clip in cut.due if clip.extra is not None]
    other = [value for value in said if abs(value / limit - 1) > SAME]
    if len(other) * 2 > len(seen) and any(_bites(cut, limit) for cut in seen):
        return _other_limit(facts, median(other), limit)
    typical = median(cut.norm for cut in seen)
    alike = sum(abs(cut.norm / typical - 1) <= SAME for cut in seen) if typical else 0
    if len(seen) >= 5 and alike >= CLUSTER * len(seen) and abs(typical / limit - 1) > OVER:
        return _other_limit(facts, typical, limit)
    return _wrong_factor(facts, limit)


def _wrong_factor(facts: Facts, limit: float) -> Found | None:
    """Gradients scaled by hand, by a power of their norm, to another length than the limit or their own.

    A division that averages goes by the same factor in every step, or by one that has nothing to do with the norm.
    """
    wrong = [
        (before, after)
        for before, after in _scaled_by_hand(facts)
        if abs(after / before - 1) > OVER and abs(after / min(before, limit) - 1) > OVER
    ]
    if len(wrong) < ENOUGH or not _is_power(np.log(np.array(wrong))):
        return None
    before, after = max(wrong, key=lambda pair: abs(math.log(pair[1] / min(pair[0], limit))))
    text = (
        f"In {len(wrong)} of {len(cuts(facts))} watched steps the gradients were scaled by their norm, but not as a "
        f"clip to {limit:.4g} does: a norm of {before:.4g} became {after:.4g}, and should be {min(before, limit):.4g}."
    )
    return Found(text, (facts.line_of("S"),), {"norm": before, "max_norm": after, "wanted_max_norm": limit})


def _scaled_by_hand(facts: Facts) -> Iterator[tuple[float, float]]:
    """The norms before and after, where a step's whole gradient was multiplied behind its last backward, by hand."""
    if any(row.beat in "XU" for row in facts.of(Row)):
        return  # by a scaler's factor, perhaps
    for step in facts.ledger.steps:
        told = step.optimizer != BY_HAND and step.known and not (step.again or step.closure or step.touches)
        weights = [weight for mix in step.mixes.values() for weight in mix.values()]
        if not told or not step.row.value or min(weights, default=0.0) <= 0:
            continue
        before = step.row.value / weights[0]
        if max(weights) / min(weights) - 1 <= SAME and math.isfinite(before):
            yield before, step.row.value


def _is_power(points: NDArray[np.float64]) -> bool:
    """Whether norms (logarithms, before and after) were multiplied by one power of themselves in every step."""
    norms, factors = points[:, 0], points[:, 1] - points[:, 0]
    if min(np.ptp(norms), np.ptp(factors)) < SPREAD:
        return False
    line = np.polyval(np.polyfit(norms, factors, 1), norms)
    return bool(np.abs(line - factors).max() <= SAME)


def _in_true_units(clip: Row, cut: Cut) -> float:
    """A clip's limit; where the gradients were divided by a scaler's factor afterwards, divided by that, too."""
    extra = clip.extra or 0.0
    left = min(clip.value, extra) if clip.value is not None else extra
    return extra * cut.norm / left if left > SCALED * cut.norm > 0 else extra


def _bites(cut: Cut, limit: float) -> bool:
    """Whether the difference between two limits shows in a step: the right or the used one cuts something."""
    found = [clip.value for clip in cut.due if clip.value is not None]
    return any(value > limit or shortens(clip) for value, clip in zip(found, cut.due, strict=False))


def _other_limit(facts: Facts, used: float, limit: float) -> Found:
    text = f"The exercise asks for gradients clipped to a norm of {limit:.4g}; your loop clips them to {used:.4g}."
    line = facts.line_of("C") or facts.line_of("S")
    return Found(text, (line,), {"max_norm": used, "wanted_max_norm": limit})
