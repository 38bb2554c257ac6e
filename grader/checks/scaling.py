"""Checks of gradient scaling: whether steps and clips see the true gradient, and whether the scale can move.

A backward's *factor* is what was differentiated over the loss before it: the scale, where the loss was
scaled.  Times its weight in a gradient it says how large that gradient is, in true ones.  What a clip did
is left out of it: a clipped gradient is short on purpose.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from grader.checks.registry import Clear, Facts, Found, Unknown, Verdict, check
from grader.checks.steps import BY_HAND, Back, Mix, Step, Touch
from sandbox import trace

LEAST_SCALE = 64.0  # below it, a scale is not told from the weights that losses have
OFTEN = 0.1  # of the steps that could be judged: a bug may live in some of the epochs only
AT_LEAST = 2
SAME = 0.02  # relative: 1 / scale, twice over, against a clip by hand, which differs from step to step
TINY = 1e-30
LONG = 12  # steps left out on end: a scale that starts far too high needs some, too


@dataclass(frozen=True)
class Scaled:
    """One step under a scale.

    factor    of its backwards
    size      of the gradient it used, in true gradients, clips left out
    early     the first clip of a gradient that still held the scale, if there was one
    by_hand   the gradient was shortened before it was unscaled, by no clip of torch's
    infinite  the scaled gradient had overflowed, and the step used it all the same
    """

    step: Step
    scale: float
    factor: float
    size: float
    early: Touch | None = None
    by_hand: bool = False
    infinite: bool = False

    @property
    def bound(self) -> float:
        """Half way, in orders of magnitude, from 1 to the scale."""
        return math.sqrt(self.scale)

    @property
    def scaled(self) -> bool:
        """Whether its losses were scaled."""
        return self.factor >= self.bound


@check("scaler-bypassed")
def scaler_bypassed(facts: Facts) -> Verdict:
    """Steps that use scale times the gradient, or the gradient over the scale, or one that overflowed."""
    if unused := _unused(facts):
        return unused
    steps = scaled_steps(facts)
    big = [item for item in steps if not item.infinite and item.size > item.bound]
    if _enough(big, steps):
        typical = median(item.size for item in big)
        text = (
            f"In {len(big)} of {len(steps)} watched steps the optimizer used gradients that were still scaled: "
            f"{typical:.3g} times the true ones (the scale was {big[0].scale:.6g})."
        )
        return _found(text, big, len(steps), typical)
    if infinite := [item for item in steps if item.infinite]:
        text = (
            f"At step {infinite[0].step.row.step + 1} the scaled gradient was too large for 16 bits and became "
            f"infinite, and the step used it. `scaler.step(optimizer)` leaves such a step out."
        )
        return _found(text, infinite, len(steps), math.inf)
    small = [item for item in steps if not item.infinite and not item.by_hand and item.size * item.bound < 1]
    small = [item for item in small if item.early is None]
    if _enough(small, steps):
        typical = median(item.size for item in small)
        why = "was unscaled more than once" if small[0].scaled else "came from a loss that was never scaled"
        text = (
            f"In {len(small)} of {len(steps)} watched steps the gradient {why}, and was divided by the scale "
            f"({small[0].scale:.6g}): the steps used {typical:.2g} times the true gradient."
        )
        return _found(text, small, len(steps), typical)
    if not steps and _scalers(facts) and facts.count("S") >= AT_LEAST:
        return Unknown("how large the gradients were could not be followed")
    return Clear()


@check("clip-before-unscale")
def clip_before_unscale(facts: Facts) -> Verdict:
    """Clips at the stated norm of gradients that still held the scale and were unscaled afterwards."""
    steps = scaled_steps(facts)
    early = [item for item in steps if (item.early or item.by_hand) and item.size <= item.bound]
    if not _enough(early, steps):
        if not steps and _scalers(facts) and facts.count("C"):
            return Unknown("how large the gradients were could not be followed")
        return Clear()
    first = early[0]
    row = first.early.row if first.early else None
    text = (
        f"In {len(early)} of {len(steps)} watched steps the gradients were clipped before they were unscaled"
    )
    numbers: dict[str, float | int | str] = {
        "steps": len(steps),
        "early_clips": len(early),
        "scale": first.scale,
    }
    if row is not None and row.value is not None and row.extra is not None and math.isfinite(row.value):
        numbers |= {"norm": row.value, "limit": row.extra}
        text += (
            f": the clip saw a norm of {row.value:.3g} (the true one times {first.scale:.6g}) and cut it to "
            f"{row.extra:g}, so after unscaling only {row.extra / first.scale:.2g} was left."
        )
    else:
        text += f" (the scale was {first.scale:.6g}), so that next to nothing of them was left afterwards."
    lines = (row.line if row else 0, facts.line_of("U"), first.step.row.line)
    return Found(text, lines, numbers)


@check("scaler-update-missing")
def scaler_update_missing(facts: Facts) -> Verdict:
    """A scaler that steps and never updates; or skips without end, because the scale is always the first one."""
    scalers = _scalers(facts)
    silent = [item for item in scalers if item.steps >= AT_LEAST and not item.updates]
    if silent:
        text = f"`scaler.step()` was called {silent[0].steps} times and `scaler.update()` never."
        numbers: dict[str, float | int | str] = {"scaler_steps": silent[0].steps, "updates": 0}
        return Found(text, (facts.line_of("S"), facts.line_of("K")), numbers)
    lines: dict[int, list[trace.Scaler]] = defaultdict(list)
    for item in scalers:
        lines[item.line].append(item)
    for line, same in lines.items():
        skipped, steps = sum(item.skipped for item in same), sum(item.steps for item in same)
        high = max(item.first for item in same)
        # A fresh scaler for every step or epoch begins at the first scale again, like one that is set back.
        kept = [item for item in same if item.skipped and (item.last >= high or len(same) > 1)]
        if skipped >= 3 and skipped >= 0.5 * steps and len(kept) == sum(1 for item in same if item.skipped):
            text = (
                f"{skipped} of {steps} steps were skipped because gradients had overflowed, and the scale was "
                f"{high:.6g} again each time: it never came down."
            )
            numbers = {"scaler_steps": steps, "skipped": skipped, "scale": high}
            return Found(text, (line, facts.line_of("T")), numbers)
    return Clear()


def infinity_kept(facts: Facts) -> Found | None:
    """Backward passes that add to a gradient that had overflowed; part of missing-zero-grad.

    Infinity plus anything stays infinity, so from then on the scaler leaves out every step.
    """
    if facts.count("K") < LONG:
        return None
    onto = [
        back
        for back in facts.ledger.backs
        if not all(map(math.isfinite, trace.unpack_vector(back.row.before or "f")))
    ]
    if len(onto) < LONG or len(onto) * 2 < len(facts.ledger.backs):
        return None
    text = (
        f"{len(onto)} of {len(facts.ledger.backs)} watched backward passes added to gradients that were infinite "
        f"already, and the scaler left out {facts.count('K')} steps: an overflowed gradient stays until it is cleared."
    )
    numbers: dict[str, float | int | str] = {"onto_infinite": len(onto), "skipped": facts.count("K")}
    return Found(text, (onto[0].row.line, facts.line_of("K")), numbers)


def _unused(facts: Facts) -> Found | None:
    """A scaler that the exercise gave, switched on, and that the loop did not use at all."""
    given = [item for item in _scalers(facts) if item.given]
    used = any(item.scaled or item.steps or item.unscaled for item in _scalers(facts))
    if not given or used or not facts.count("BA"):
        return None
    steps = scaled_steps(facts)
    if any(item.scaled for item in steps):
        return None  # it was only asked for its scale, and the scaling done by hand
    text = f"The scaler was never used: {facts.count('BA')} losses went backward without being scaled."
    return Found(text, (facts.line_of("B"), facts.line_of("S")), {"scaled": 0, "scale": given[0].first})


def _scalers(facts: Facts) -> list[trace.Scaler]:
    return [item for item in facts.of(trace.Scaler) if item.enabled]


def _enough(found: list[Scaled], steps: list[Scaled]) -> bool:
    return len(found) >= min(AT_LEAST, len(steps)) and len(found) >= OFTEN * len(steps) and bool(found)


def _found(text: str, found: list[Scaled], steps: int, size: float) -> Found:
    step = found[0].step
    lines = (next((back.row.line for back in step.fresh if back.row.line), 0), step.row.line)
    numbers: dict[str, float | int | str] = {"steps": steps, "bypassed": len(found), "scale": found[0].scale}
    return Found(text, lines, {**numbers, "times": size if math.isfinite(size) else "inf"})


# ── reading the ledger ───────────────────────────────────────────────────────────────────────────


def scaled_steps(facts: Facts) -> list[Scaled]:
    """The watched steps of optimizers under an enabled scaler, as far as their gradients could be followed."""
    scalers = {item.id: item for item in _scalers(facts)}
    if not scalers:
        return []
    scales: dict[tuple[int, int], tuple[float, float | None]] = {}
    for row in facts.of(trace.Row):
        if row.beat == "X" and row.extra is not None:
            scales[row.window, row.step] = (row.extra, row.value)
        elif row.beat == "U" and row.value is not None:
            scales.setdefault((row.window, row.step), (row.value, None))
    default = (next(iter(scalers.values())).first, None)
    judged = (
        _judge(step, facts.ledger.backs, *scales.get((step.row.window, step.row.step), default))
        for step in facts.ledger.steps
        if step.optimizer != BY_HAND and not step.closure and not step.zero
    )
    return [item for item in judged if item is not None]


def _judge(step: Step, backs: list[Back], scale: float, loss: float | None) -> Scaled | None:
    """One step; None where it cannot be told."""
    if scale < LEAST_SCALE:
        return None
    if not step.finite:
        return _overflowed(step, backs, scale, loss)
    factors = [factor for back in _behind(step, backs) if (factor := _factor(back, loss)) is not None]
    sizes = [size for number in step.lengths if (size := _size(step, number, backs, loss)) is not None]
    if not sizes or not factors:
        return None
    divisor = step.row.extra or 1.0  # a fused optimizer divides inside its step
    factor, size = median(factors), median(sizes) / divisor
    bound = math.sqrt(scale)
    early = next((touch for touch in step.touches if _is_early(touch, backs, loss, bound)), None)
    # Scaled, and far too small at the end: unscaled twice exactly, or shortened by hand on the way.
    lost = factor >= bound and size * bound < 1 and early is None
    by_hand = lost and abs(size / factor * scale * scale - 1) > SAME
    return Scaled(step, scale, factor, size, early, by_hand)


def _behind(step: Step, backs: list[Back]) -> list[Back]:
    """The backwards whose gradients a step used for the first time, or those found before it."""
    if step.fresh:
        return step.fresh
    numbers = {number for touch in step.touches for mix in touch.mixes.values() for number in mix}
    return [backs[number] for number in sorted(numbers) if 0 <= number < len(backs)]


def _factor(back: Back, loss: float | None) -> float | None:
    """What was differentiated over the loss before it; `loss` is what the scaler was given, if anything."""
    before = back.loss if back.loss is not None else loss
    value = back.row.value
    if value is None or before is None or not math.isfinite(value) or not math.isfinite(before):
        return None
    return abs(value / before) if abs(before) > TINY else None


def _in_true_ones(mix: Mix, backs: list[Back], loss: float | None) -> float | None:
    """The largest part of a mix, in true gradients."""
    sizes = [
        factor * abs(weight)
        for number, weight in mix.items()
        if 0 <= number < len(backs) and (factor := _factor(backs[number], loss)) is not None
    ]
    return max(sizes, default=None)


def _size(step: Step, number: int, backs: list[Back], loss: float | None) -> float | None:
    """How large a parameter's gradient was at a step, in true ones, what clips did left out."""
    size = _in_true_ones(step.mixes.get(number, {}), backs, loss)
    if size is None:  # no multiple of what the last backward left: go on by length from where it still was
        touch = next((touch for touch in reversed(step.touches) if number in touch.mixes), None)
        found = _in_true_ones(touch.mixes[number], backs, loss) if touch else None
        if touch is None or found is None or touch.before[number] <= TINY or touch.after[number] <= TINY:
            return None
        if touch.row.beat == "U":
            found *= touch.after[number] / touch.before[number]
        return found * step.lengths[number] / touch.after[number]
    for touch in step.touches:
        before, after = touch.before.get(number, 0.0), touch.after.get(number, 0.0)
        if touch.row.beat == "C" and before > TINY and TINY < after < before:
            size *= before / after
    return size


def _is_early(touch: Touch, backs: list[Back], loss: float | None, bound: float) -> bool:
    """Whether a clip shortened a gradient that still held the scale, at a limit meant for the true one."""
    if touch.row.beat != "C" or touch.row.extra is None or touch.row.extra >= bound:
        return False
    sizes = [size for mix in touch.mixes.values() if (size := _in_true_ones(mix, backs, loss)) is not None]
    shortened = sum(touch.after.values()) < sum(touch.before.values()) * (1 - 1e-6)
    return shortened and bool(sizes) and max(sizes) >= bound


def _overflowed(step: Step, backs: list[Back], scale: float, loss: float | None) -> Scaled | None:
    """A step with an infinite gradient of a finite loss, by an optimizer that would not look at it."""
    if step.row.extra is not None:
        return None  # a fused optimizer under a scaler: it leaves the step out itself
    window = [back for back in backs if back.row.window == step.row.window and back.row.step == step.row.step]
    factor = _factor(window[-1], loss) if window else None
    if factor is None or factor < math.sqrt(scale):
        return None
    return Scaled(step, scale, factor, math.inf, infinite=True)
