"""A tape: the rows that a spied loop would leave, written by a toy machine with real gradients.

The machine holds the gradients and values of a few parameters at their sampled coordinates, in float32
as torch would, and notes every beat as `sandbox.spies` does.
"""

from array import array

import numpy as np

from grader.checks.registry import Facts
from grader.exercise import load_exercise
from grader.models import Evidence
from sandbox import trace

LINES = {"D": 1, "Z": 2, "F": 3, "L": 4, "B": 5, "A": 5, "C": 6, "s": 7, "S": 7, "V": 0}
SOURCE = ("for x, y in loader:", "zero()", "model(x)", "criterion()", "backward()", "clip()", "step()", "end")


def pack(values):
    return trace.pack_vector(array("f", np.asarray(values, dtype=np.float32).tolist()))


class Tape:
    """`sizes`: sampled coordinates of each parameter.  `optimizers`: the parameters that each one holds.

    `norms`: whether the norm of the gradients is read at each step.
    """

    def __init__(self, sizes=(4, 3), optimizers=((0, 1),), rate=0.1, norms=False):
        self.norms = norms
        self.records = [optimizer(number, held, lr=rate) for number, held in enumerate(optimizers)]
        self.records += [param(number, size) for number, size in enumerate(sizes)]
        self.optimizers = optimizers
        self.rate = rate
        self.random = np.random.default_rng(7)
        self.parts = {}
        for number, size in enumerate(sizes):
            start = sum(sizes[:number])
            self.parts[number] = slice(start, start + size)
        self.gradient = np.zeros(sum(sizes), dtype=np.float32)
        self.values = self.random.normal(size=sum(sizes)).astype(np.float32)
        self.window, self.steps, self.batches, self.settled = 0, 0, 0, False

    def row(self, beat, **more):
        line = LINES.get(beat, 0)
        self.records.append(trace.Row(window=self.window, beat=beat, step=self.steps, line=line, **more))

    def reading(self):
        return pack(self.gradient) if self.settled else None

    def weights(self):
        return pack(self.values) if self.settled else None

    def settle(self):
        if not self.settled:
            self.settled = True
            places = [[number, list(range(part.stop - part.start))] for number, part in self.parts.items()]
            self.records.append(trace.Layout(window=self.window, step=self.steps, coordinates=places))

    def new_window(self):
        self.row("V", params=self.weights())
        self.window += 1
        self.settled = False

    def new_gradient(self, reach=None):
        wanted = self.parts if reach is None else reach
        gain = np.zeros_like(self.gradient)
        for number in wanted:
            size = self.parts[number].stop - self.parts[number].start
            gain[self.parts[number]] = self.random.normal(size=size)
        return gain

    # ── beats ────────────────────────────────────────────────────────────────────────────────────

    def draw(self):
        self.row("D", of=0)

    def forward(self, rows=16, batch=None):
        self.batches += 1
        self.row("F", of=0, rows=rows, flags="t", text=batch or f"b{self.batches}")

    def loss(self, value=2.0, flags="m"):
        self.row("L", value=value, flags=flags, text="mse_loss")

    def backward(self, value=2.0, scale=1.0, reach=None, gain=None):
        self.settle()
        before, params = self.reading(), self.weights()
        with np.errstate(invalid="ignore"):
            gain = self.new_gradient(reach) * np.float32(scale) if gain is None else gain
            self.gradient = self.gradient + gain
        self.row("B", rows=0, value=value, before=before, after=self.reading(), params=params)

    def batch(self, rows=16, batch=None, value=2.0, scale=1.0, reach=None, flags="m"):
        """A forward, a loss of 2.0, and a backward of `value` times `scale`."""
        self.draw()
        self.forward(rows, batch)
        self.loss(2.0, flags)
        self.backward(value * scale, scale, reach)

    def grad(self):
        """torch.autograd.grad: the gradient is returned, and `.grad` stays."""
        self.settle()
        gain = self.new_gradient()
        self.row("A", value=2.0, after=pack(gain), params=self.weights())
        return gain

    def clear(self, numbers=None, said=True):
        if said:
            self.row("Z", of=0)
        for number in self.parts if numbers is None else numbers:
            self.gradient[self.parts[number]] = 0

    def scale(self, factor):
        self.gradient = self.gradient * np.float32(factor)

    def clip(self, factor):
        self.row("C", text="clip_grad_norm_", value=1 / factor, extra=1.0, before=self.reading())
        self.scale(factor)

    def begin(self, number=0):
        norm = float(np.linalg.norm(self.gradient)) if self.norms else None
        params = self.weights()
        self.row("s", of=number, value=norm, before=self.reading(), params=params, rates=[self.rate])

    def finish(self, number=0):
        for held in self.optimizers[number]:
            part = self.parts[held]
            self.values[part] = self.values[part] - np.float32(self.rate) * self.gradient[part]
        self.row("S", of=number, after=self.reading(), params=self.weights())
        self.steps += 1

    def step(self, number=0):
        self.begin(number)
        self.finish(number)

    def move_by_hand(self, gain, rate=None):
        self.values = self.values - np.float32(rate or self.rate) * gain

    def right_steps(self, count, **more):
        for _ in range(count):
            self.clear()
            self.batch(**more)
            self.step()
        return self


# ── single records ───────────────────────────────────────────────────────────────────────────────


def param(number=0, size=4, *, owned=True):
    return trace.Param(id=number, owned=owned, shape=[size], dtype="float32")


def optimizer(number=0, params=(0, 1), cls="SGD", given=True, line=0, at_step=0, **hyper):
    return trace.Optimizer(
        id=number, cls=cls, hyper=hyper, params=list(params), given=given, line=line, at_step=at_step
    )


def use(number=0, steps=10, stateful=False):
    return trace.OptimizerUse(id=number, steps=steps, stateful=stateful)


def loader(number=0, size=128, batch_size=16, given=True, line=0, sampler="RandomSampler"):
    return trace.Loader(
        id=number,
        sampler=sampler,
        batch_size=batch_size,
        drop_last=False,
        size=size,
        workers=0,
        given=given,
        line=line,
    )


def a_pass(number=0, **more):
    fields = {
        "id": number,
        "loader": 0,
        "line": 1,
        "at_step": number * 8,
        "batches": 8,
        "rows": 128,
        "trained": 8,
        "finished": True,
        "polled": 0,
        "order": f"order{number}",
        "first": f"first{number}",
        "head": [number, 5, 9],
        "ascending": False,
        "generator": "",
    }
    return trace.Pass(**{**fields, **more})


def end(counts, moved=True, trained_rows=0, steps=None, failures=0):
    return trace.End(
        finished=True,
        steps=counts.get("S", 0) if steps is None else steps,
        counts=counts,
        trained_rows=trained_rows,
        moved=moved,
        seconds=0.1,
        dropped=0,
        failures=failures,
    )


def feed(**more):
    fields = {"steps": 20, "distinct": 20, "period": 0, "rows": 16, "fresh": 0, "line": 3}
    return trace.Feed(**{**fields, **more})


def pattern(beats="DZFLBS", number=0):
    return trace.Pattern(id=number, beats=beats, lines=[LINES.get(beat, 0) for beat in beats])


def order(*items):
    return trace.Order(items=[list(item) for item in items], truncated=False)


def evidence(*records, measurement=None, **parameters):
    return Evidence(
        records=tuple(records),
        source=SOURCE,
        measurement=measurement,
        parameters={"epochs": 3, "samples": 128, **parameters},
    )


def facts(*records, exercise="linreg-torch", measurement=None, **parameters):
    """What checks look at, for a run of 3 epochs over 128 samples."""
    return Facts(evidence(*records, measurement=measurement, **parameters), load_exercise(exercise))


def counted(tape, **counts):
    """A tape's records, with the closing record that counts its beats."""
    rows = [record.beat for record in tape.records if isinstance(record, trace.Row)]
    seen = {beat: rows.count(beat) for beat in "DZFLBACS" if beat in rows}
    moved = counts.pop("moved", True)
    beats = {**seen, **counts}
    return [*tape.records, end({beat: often for beat, often in beats.items() if often}, moved=moved)]
