"""The ledger read: which backward fed which step, how often, and with what weight.  Pure arithmetic.

The rows of a window hold, at sampled coordinates, `.grad` before and after every backward and at every
step.  Between two readings a parameter's gradient is bit for bit what it was, or zero, or a multiple of
what it was, or something else.  So its *mix*, the weight of every backward in it, is followed exactly:

    the same as at the last reading     nothing was cleared, the mix goes on
    zero                                it was cleared, the mix is empty
    a multiple of the last reading      it was scaled (a clip, an unscale), and so are the weights
    what autograd.grad returned         the student's code put it there, one of them or a sum of several
    none of these                       unknown; nothing is concluded from it

and a step uses what the mix says at that moment.  All of it is kept parameter by parameter, so several
optimizers, frozen layers and half-cleared models need no special case.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from grader.checks.steps import BY_HAND, CARRIED, Back, Ledger, Mix, Step, Touch, Vector
from sandbox.trace import Layout, Optimizer, OptimizerUse, Record, Row, unpack_vector

PARALLEL = 1e-4  # relative deviation up to which two vectors are multiples of each other
FAINT = 1e-2  # of the largest weight in a sum of returned gradients; below it there is only rounding


def read_ledger(records: Iterable[Record]) -> Ledger:
    """The ledger of a trace."""
    with np.errstate(invalid="ignore", over="ignore"):  # a scaled gradient may be inf
        return _read(list(records))


def _read(everything: list[Record]) -> Ledger:
    optimizers = {record.id: set(record.params) for record in everything if isinstance(record, Optimizer)}
    for use in everything:
        if isinstance(use, OptimizerUse) and use.params:
            optimizers.setdefault(use.id, set()).update(use.params)
    by_hand = not any(isinstance(record, Row) and record.beat == "s" for record in everything)
    ledger = Ledger(draws=any(isinstance(record, Row) and record.beat == "D" for record in everything))
    window: _Window | None = None
    number = -1
    for record in everything:
        if not isinstance(record, (Row, Layout)):
            continue
        if window is None or record.window != number:
            if window is not None:
                window.close()
            number = record.window
            window = _Window(ledger, optimizers, by_hand)
        if isinstance(record, Layout):
            window.settle(record)
        else:
            window.take(record)
    if window is not None:
        window.close()
    return ledger


class _Window:
    """One stretch of rows.  Until its layout is known, rows only tell the order of beats."""

    def __init__(self, ledger: Ledger, optimizers: dict[int, set[int]], by_hand: bool) -> None:
        self._ledger = ledger
        self._optimizers = optimizers
        self._by_hand = by_hand
        self._parts: dict[int, slice] = {}
        self._size = 0
        self._backs: list[Back] = []  # of this window
        self._forward: Row | None = None
        self._losses: list[Row] = []  # since the last backward
        self._inputs: dict[str, int] = {}  # fingerprints and rows of the forwards since then
        self._passed = -1  # the pass that drew the last batch
        self._trail = ""  # D, F, L and S since the last backward
        self._late: list[Step] = []  # steps that are late unless a forward follows them
        self._begun: tuple[Row, int] | None = None  # a step's first row, and how many backwards there were
        self._forget()

    def _forget(self) -> None:
        self._state: Vector | None = None  # gradient at the last reading
        self._mix: dict[int, Mix | None] = {number: {} for number in self._parts}
        self._used: dict[int, set[int]] = {number: set() for number in self._parts}
        self._since: dict[int, list[Back]] = {}  # backwards since an optimizer's last step
        self._first_before: Vector | None = None  # gradient at the first backward since the last step
        self._last_backs = -1  # how many backwards there had been at the last step
        self._returned: tuple[Vector, Back] | None = None  # what autograd.grad gave last …
        self._given: list[tuple[Vector, Back]] = []  # … and since the step before the last one …
        self._older = 0  # … so many of them before the last one
        self._before_hand: tuple[Vector, Vector, Back] | None = None
        self._touches: list[Touch] = []

    def settle(self, layout: Layout) -> None:
        """The coordinates are fixed, or have changed: nothing read before compares with what follows."""
        self._parts, self._size = {}, 0
        for number, places in layout.coordinates:
            self._parts[number] = slice(self._size, self._size + len(places))
            self._size += len(places)
        self._forget()

    def take(self, row: Row) -> None:
        """Take one row in, in order."""
        if row.beat in ("B", "A"):
            self._backward(row)
        elif row.beat == "s":
            self._begun = (row, len(self._backs))
        elif row.beat == "S":
            self._step(row)
        elif row.beat in ("C", "U") and "b" not in row.flags:
            self._touch(row)
        elif row.beat == "V":
            self._moved_by_hand(self._vector(row.params))
        elif row.beat == "F":
            self._forward = row
            self._inputs[row.text] = row.rows
            self._moved_by_hand(self._vector(row.params))
        elif row.beat == "L":
            self._losses.append(row)
        elif row.beat == "D":
            self._passed = row.of
        if row.beat in ("D", "F", "L", "S"):
            self._trail += row.beat

    def close(self) -> None:
        """The window is over: steps whose backward was still to come cannot be judged."""
        for step in self._late:
            step.late = step.had = False

    def _vector(self, text: str | None) -> Vector | None:
        if text is None:
            return None
        values = np.array(unpack_vector(text), dtype=np.float64)
        return values if values.shape == (self._size,) else None

    def _touch(self, row: Row) -> None:
        """A clip or an unscaling: what it found, and what it left."""
        before, after = self._vector(row.before), self._vector(row.after)
        if before is None or after is None:
            return
        self._reconcile(before)
        mixes = {number: dict(mix) for number, mix in self._mix.items() if mix}
        self._touches.append(Touch(row, mixes, self._lengths(before), self._lengths(after)))
        self._reconcile(after)

    def _lengths(self, reading: Vector) -> dict[int, float]:
        return {number: float(np.linalg.norm(reading[part])) for number, part in self._parts.items()}

    # ── backwards ────────────────────────────────────────────────────────────────────────────────

    def _backward(self, row: Row) -> None:
        inside = self._steps_inside(row)
        self._judge_late()
        self._touches = []
        values, before, after = (self._vector(text) for text in (row.params, row.before, row.after))
        if not inside:
            self._moved_by_hand(values, late="F" in self._trail)
        back = self._new_back(row)
        if row.beat == "A":
            self._gave(back, after)
        elif after is not None:
            before = np.zeros(self._size) if before is None else before
            self._first_before = before if self._first_before is None else self._first_before
            self._reconcile(before)
            self._add(back, before, after, bool(inside))
            for step in inside:
                self._use_inside(step)
            self._state = after
            if inside:
                self._mix = {n: ({} if not after[part].any() else None) for n, part in self._parts.items()}
        if values is not None and after is not None and not inside:
            self._before_hand = (values, after, back)
        self._trail = ""

    def _new_back(self, row: Row) -> Back:
        forward, losses, inputs = self._forward, self._losses, self._inputs
        summed = len(inputs) > 1 and len(inputs) == len(losses) and _is_sum(row.value, losses)
        back = Back(
            number=len(self._ledger.backs),
            row=row,
            batch=forward.text if forward is not None else "",
            rows=sum(inputs.values()) if summed else (forward.rows if forward is not None else -1),
            loss=row.value if summed else (_mean_of(losses[-1]) if losses else None),
            mean=bool(losses) and all(_averages(loss) for loss in losses),
            forward=bool(inputs),
            module=forward.of if forward is not None else -1,
            function=losses[-1].text if losses else "",
            parts=len(inputs) if summed else 1,
            passed=self._passed,
            again=bool(self._backs) and not inputs and not losses,
        )
        if back.again:  # the loss of the backward before it, once more
            back.loss, back.mean = self._backs[-1].loss, self._backs[-1].mean
        self._losses, self._inputs = [], {}
        self._ledger.backs.append(back)
        self._backs.append(back)
        for waiting in self._since.values():
            waiting.append(back)
        return back

    def _gave(self, back: Back, after: Vector | None) -> None:
        """autograd.grad leaves `.grad` alone; what it returned may be put there by hand."""
        if after is not None:
            back.gain = after
            self._returned = (after, back)
            self._given.append(self._returned)
            self._note_fed(after)

    def _add(self, back: Back, before: Vector, after: Vector, stepped: bool) -> None:
        """A backward joins the mix of every parameter it reached."""
        gain = back.gain = after - before
        for number, part in self._parts.items():
            mix = self._mix[number]
            if mix is not None and (stepped or gain[part].any()):
                mix[back.number] = 1.0
        self._note_fed(gain)

    def _note_fed(self, gain: Vector) -> None:
        self._ledger.fed.update(number for number, part in self._parts.items() if gain[part].any())

    # ── following the gradient between readings ──────────────────────────────────────────────────

    def _reconcile(self, reading: Vector) -> None:
        """Compare a reading with the last one, and let every parameter's mix follow."""
        scaled = _multiple(reading, self._state)
        given = None if self._returned is None else _multiple(reading, self._returned[0])
        mixes = {
            number: self._follow(number, reading[part], part, scaled, given)
            for number, part in self._parts.items()
        }
        untold = [number for number, mix in mixes.items() if mix is None or CARRIED in mix]
        if untold and (summed := self._sum_of_given(reading)):
            mixes |= {number: dict(summed) for number in untold}
        self._mix, self._state = mixes, reading

    def _follow(
        self, number: int, now: Vector, part: slice, scaled: float | None, given: float | None
    ) -> Mix | None:
        """One parameter's mix after a reading.

        `scaled` and `given` are the ratios over all coordinates, for parameters whose own few say little.
        """
        if not now.any():
            return {}
        mix = self._mix[number]
        if self._state is None:
            return {CARRIED: 1.0}
        last = self._state[part]
        if np.array_equal(now, last):
            return mix
        if self._returned is not None:
            returned, back = self._returned
            ratio = given if now.size < 3 else _multiple(now, returned[part])
            if ratio is not None:
                return {back.number: ratio}
            if mix is not None and np.allclose(now, last + returned[part], rtol=1e-5):
                return {**mix, back.number: 1.0}
        ratio = scaled if now.size < 3 else _multiple(now, last)
        if ratio is None or mix is None:
            return None
        return {back: weight * ratio for back, weight in mix.items()}

    def _sum_of_given(self, reading: Vector) -> Mix:
        """The weights that make returned gradients add up to a reading; none where no such sum is certain."""
        if len(self._given) < 2 or reading.size < 2 * len(self._given) + 2 or not np.isfinite(reading).all():
            return {}
        columns = np.stack([vector for vector, _ in self._given], axis=1)
        if not np.isfinite(columns).all():
            return {}
        weights, _, rank, _ = np.linalg.lstsq(columns, reading, rcond=None)
        weights[np.abs(weights) < FAINT * np.abs(weights).max()] = 0.0
        off = np.abs(columns @ weights - reading).max()
        if rank < len(self._given) or off > PARALLEL * np.abs(reading).max():
            return {}
        if weights[: self._older].any() and weights[self._older :].any():
            return {}  # of two steps: a rule of the student's own, such as a momentum
        pairs = zip(self._given, weights.tolist(), strict=True)
        return {back.number: weight for (_, back), weight in pairs if weight}

    # ── steps ────────────────────────────────────────────────────────────────────────────────────

    def _step(self, row: Row) -> None:
        if self._begun is None:
            return
        (begin, backs), self._begun = self._begun, None
        step = Step(row.of, begin, begin.rates)
        self._ledger.steps.append(step)
        step.closure = backs != len(self._backs)
        drawn = "D" in self._trail or not self._ledger.draws
        step.early = not self._backs and drawn and begin.step == 0
        if not step.closure and ("F" in self._trail or "L" in self._trail):
            self._late.append(step)
        values, final = self._vector(begin.params), self._vector(row.params)
        if values is not None and final is not None:
            self._note_moved(values, final)
        reading = self._vector(begin.before)
        if step.closure:  # what counts is what its backwards left when it ended
            left = self._vector(row.after)
            reading = self._state if left is None else left
        if reading is None:
            step.zero, step.known = not self._parts, False
            return
        self._reconcile(reading)
        self._before_hand = None
        self._use(step, reading)
        step.touches = list(self._touches)
        # Whoever stepped before, with no backward in between: the same gradient is used once more.
        step.same = bool(
            step.again and not step.fresh and not step.zero and self._last_backs == len(self._backs)
        )
        self._given = self._given[self._older :]
        self._older = len(self._given)
        self._last_backs = len(self._backs)
        self._since[row.of] = []

    def _held(self, step: Step) -> set[int]:
        """The parameters of a step's optimizer; all of them where it was not described (or by hand)."""
        return self._optimizers.get(step.optimizer, set(self._parts))

    def _mine(self, step: Step, reading: Vector) -> Vector:
        """The coordinates of a reading that belong to a step's optimizer."""
        held = self._held(step)
        parts = [reading[part] for number, part in self._parts.items() if number in held]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _use(self, step: Step, reading: Vector) -> None:
        """What a step uses: the mix of its optimizer's parameters at this moment."""
        mine = self._parts.keys() & self._held(step)
        used_now = self._mine(step, reading)
        step.lengths = {n: length for n, length in self._lengths(reading).items() if n in mine}
        first = self._first_before
        step.clean = first is None or not self._mine(step, first).any()
        self._first_before = None
        step.finite = bool(np.isfinite(used_now).all())
        step.zero = not used_now.any() and step.optimizer != BY_HAND
        since = self._since.get(step.optimizer, self._backs)
        if step.zero:
            step.had = any(self._left(number, back) for back in since for number in mine)
        fresh: Mix = {}
        again: set[int] = set()
        for number in mine:
            mix = self._mix[number]
            if mix is None:
                step.known = False
                continue
            step.mixes[number] = dict(mix)
            used = self._used[number]
            again.update(used & mix.keys())
            fresh.update({back: weight for back, weight in mix.items() if back not in used and back >= 0})
            used.update(mix)
        self._settle_uses(step, fresh, again)
        new = [back.number for back in since if back.gain is not None and self._mine(step, back.gain).any()]
        step.stale = bool(fresh and new) and step.optimizer != BY_HAND and max(fresh) < new[0]

    def _settle_uses(self, step: Step, fresh: Mix, again: set[int]) -> None:
        step.again = len(again)
        step.fresh = [self._ledger.backs[back] for back in sorted(fresh)]
        step.weights = [fresh[back] for back in sorted(fresh)]
        for back in {*fresh, *(again - {CARRIED})}:
            self._ledger.backs[back].uses += 1

    def _left(self, number: int, back: Back) -> bool:
        """Whether a backward left a gradient on a parameter."""
        after = self._vector(back.row.after) if back.row.beat == "B" else None
        return after is not None and bool(after[self._parts[number]].any())

    def _judge_late(self) -> None:
        """A backward: steps since the last one whose batch had gone forward already came too early."""
        following = self._trail.rpartition("S")[2]
        for step in self._late:
            step.late = "F" not in following and "L" not in following
        self._late = []

    # ── steps inside a backward (hooks) ──────────────────────────────────────────────────────────

    def _steps_inside(self, row: Row) -> list[Step]:
        """The steps that hooks took while this backward ran: their rows came before its own."""
        count = max(0, row.rows) if row.beat == "B" else 0
        if not count:
            return []
        taken = self._ledger.steps[-count:]
        del self._ledger.steps[-count:]
        self._late = [step for step in self._late if step not in taken]
        self._trail = self._trail.replace("S", "")
        return [Step(step.optimizer, step.row, step.rates) for step in taken]

    def _use_inside(self, step: Step) -> None:
        self._ledger.steps.append(step)
        reading = self._vector(step.row.before)
        if reading is None:
            step.known = False
            return
        self._note_fed(self._masked(step, reading))
        self._use(step, reading)
        step.same = bool(step.again and not step.fresh and not step.zero)

    def _masked(self, step: Step, reading: Vector) -> Vector:
        """A reading with the coordinates of other optimizers' parameters set to zero."""
        held = self._held(step)
        masked = np.zeros_like(reading)
        for number, part in self._parts.items():
            if number in held:
                masked[part] = reading[part]
        return masked

    # ── updates by hand ──────────────────────────────────────────────────────────────────────────

    def _moved_by_hand(self, values: Vector | None, *, late: bool = False) -> None:
        """Values that moved since the last backward without a step; `late`: since the last forward, too."""
        if values is None or self._before_hand is None or self._begun is not None:
            return
        old, gradient, back = self._before_hand
        if np.array_equal(values, old):
            return
        self._before_hand = None
        self._note_moved(old, values)
        if not self._by_hand:
            return
        step = Step(BY_HAND, back.row, [], late=late)
        self._ledger.steps.append(step)
        ratio = _multiple(values - old, gradient) if gradient.size > 1 else None
        if ratio is None:
            step.known = False
            return
        step.rate = -ratio
        if back.row.beat == "A":
            self._mix = {number: {back.number: 1.0} for number in self._parts}
        self._use(step, gradient)

    def _note_moved(self, before: Vector, after: Vector) -> None:
        changed = (number for number, part in self._parts.items() if (before[part] != after[part]).any())
        self._ledger.moved.update(changed)


PER_ROW = ("cross_entropy", "nll_loss")  # whose mean is the sum over the rows, divided by their number


def _averages(loss: Row) -> bool:
    """Whether a loss call's average over its batch is known."""
    return "m" in loss.flags or ("s" in loss.flags and loss.text in PER_ROW and loss.rows > 0)


def _mean_of(loss: Row) -> float | None:
    """A loss call's value as an average over its rows, where it added them up."""
    added = "s" in loss.flags and loss.text in PER_ROW and loss.rows > 0
    return loss.value / loss.rows if added and loss.value is not None else loss.value


def _is_sum(value: float | None, losses: list[Row]) -> bool:
    """Whether what was differentiated is the plain sum of these losses."""
    values = [loss.value for loss in losses if loss.value is not None]
    return (
        value is not None and len(values) == len(losses) and bool(np.isclose(value, sum(values), rtol=1e-4))
    )


def _multiple(now: Vector, last: Vector | None) -> float | None:
    """The r with now = r * last up to rounding; None when there is none (or one number says nothing)."""
    if last is None or last.size < 2 or not last.any():
        return None
    if not (np.isfinite(now).all() and np.isfinite(last).all()):
        return None
    ratio = float(now @ last / (last @ last))
    size = float(np.abs(now).max())
    if size == 0 or float(np.abs(now - ratio * last).max()) > PARALLEL * size:
        return None
    return ratio
