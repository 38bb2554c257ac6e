"""A script makes its own model, data sets and loaders; its run is equal to its replay all the same."""

from __future__ import annotations

import base64
import functools
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from grader.challenge import Challenge
from grader.examine import Prepared
from grader.examiner.hidden import load_task
from grader.examiner.replay import Replayed, replay
from grader.exercise import load_exercise
from grader.launch.base import Job
from grader.launch.lines import Lines, limits_of
from grader.launch.local import LocalLauncher
from grader.models import Submission
from grader.runs import gated, job_of, run
from sandbox import trace

EXERCISE = load_exercise("mnist-from-memory")
CHALLENGE = Challenge.derive(bytes(32), EXERCISE.slug, EXERCISE.version, "", "scripts")
TRAINED_ON, TESTED_ON = 300, 90  # images: a last batch of 64 is shorter

HEAD = """\
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset
from torchvision import transforms
from torchvision.datasets import MNIST
train = MNIST("data", train=True, transform=transforms.ToTensor())
held_out = MNIST("data", train=False, transform=transforms.ToTensor())
"""
SEED = "torch.manual_seed(3)\n"
LOADER = "loader = DataLoader(train, batch_size=64, shuffle=True)\n"
LINEAR = "model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\n"
SGD = "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
STEP = """\
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
"""
TRAIN = "for epoch in range(2):\n    for x, y in loader:\n" + STEP
EVALUATE = """\
    model.eval()
    with torch.no_grad():
        for x, y in DataLoader(held_out, batch_size=40):
            right = (model(x).argmax(1) == y).sum().item()
    model.train()
"""


def script(model: str = LINEAR, *, loader: str = LOADER, train: str = TRAIN, first: str = "") -> str:
    """A file of the usual parts."""
    return HEAD + first + loader + model + SGD + train


OWN = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(784, 10)
    def forward(self, x):
        return self.linear(x.view(len(x), -1))
model = Net()
"""
FUNCTIONAL = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(10, 784) / 28)
        self.bias = nn.Parameter(torch.zeros(10))
    def forward(self, x):
        return F.linear(x.flatten(1), self.weight, self.bias)
model = Net()
"""
SHARED = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(784, 10)
        self.two = nn.Linear(784, 10)
        self.two.weight = self.one.weight
        self.two.bias = self.one.bias
    def forward(self, x):
        x = x.flatten(1)
        return (self.one(x) + self.two(x)) / 2
model = Net()
"""
IN_PLACE = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.relu, self.last = nn.Linear(784, 16), nn.ReLU(inplace=True), nn.Linear(16, 10)
    def forward(self, x):
        x = self.first(x.flatten(1))
        x += 1
        x = self.relu(x)
        return self.last(x)
model = Net()
"""
NO_GRADIENT = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.norm = nn.Linear(784, 10), nn.LayerNorm(784, bias=False)
    def forward(self, x):
        x = self.norm(x.flatten(1))
        with torch.no_grad():
            largest = self.linear(x).abs().max()
        return self.linear(x) / largest
model = Net()
"""
NESTED = """\
class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear, self.drop = nn.Linear(inputs, outputs), nn.Dropout(0.1)
    def forward(self, x):
        return self.drop(torch.tanh(self.linear(x)))
model = nn.Sequential(nn.Flatten(), Block(784, 12), Block(12, 12), nn.Linear(12, 10))
"""
DROPOUT = "model = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(784, 10))\n"
OWN_DROPOUT = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(784, 10)
    def forward(self, x):
        return self.linear(F.dropout(x.flatten(1), 0.2, self.training))
model = Net()
"""
NORMED = "model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784, affine=False), nn.Linear(784, 10))\n"
LEARNED_NORM = "model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784), nn.Linear(784, 10))\n"
DEEP = """\
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.ReLU(), nn.BatchNorm1d(16), nn.Linear(16, 10))
"""
CONVOLUTION = """\
model = nn.Sequential(nn.Conv2d(1, 4, 5, stride=3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 10))
"""
WORKERS = "loader = DataLoader(train, batch_size=64, shuffle=True, num_workers=2)\n"
TENSORS = """\
pixels = train.data.reshape(-1, 784).float() / 255
pixels = (pixels - pixels.mean()) / pixels.std()
loader = DataLoader(TensorDataset(pixels, train.targets), 64, shuffle=True)
"""
SAMPLER = (
    "loader = DataLoader(train, batch_sampler=BatchSampler(RandomSampler(train), 64, drop_last=False))\n"
)
SAMPLED = """\
images, labels = train.data.float().div(255), train.targets
batches = BatchSampler(RandomSampler(images), batch_size=64, drop_last=False)
"""
FROM_BATCHES = """\
for epoch in range(2):
    for rows in batches:
        x, y = images[rows], labels[rows]
"""
SLICED = """\
images, labels = train.data.view(-1, 784) / 255.0, train.targets
"""
BY_SLICES = """\
for epoch in range(2):
    order = torch.randperm(len(images))
    for start in range(0, len(images), 64):
        x, y = images[order[start : start + 64]], labels[order[start : start + 64]]
"""
NORMALISED = """\
normalise = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.13,), (0.31,))])
loader = DataLoader(MNIST("data", train=True, transform=normalise), batch_size=64, shuffle=True)
"""
BY_HAND = """\
weight = (torch.randn(10, 784) / 28).requires_grad_()
bias = torch.zeros(10, requires_grad=True)
optimizer = torch.optim.SGD([weight, bias], lr=0.1)
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(x.flatten(1) @ weight.T + bias, y).backward()
        optimizer.step()
"""

PLAIN = {
    "a sequential model": script(),
    "a class": script(OWN),
    "weights of its own": script(FUNCTIONAL),
    "shared weights": script(SHARED),
    "layers that work in place": script(IN_PLACE),
    "a forward without gradients in it": script(NO_GRADIENT),
    "modules in modules": script(NESTED),
    "dropout": script(DROPOUT),
    "dropout of its own": script(OWN_DROPOUT),
    "a norm": script(NORMED),
    "a norm that learns": script(LEARNED_NORM),
    "a deeper model": script(DEEP),
    "a convolution": script(CONVOLUTION),
    "an evaluation": script(OWN, train=TRAIN + EVALUATE),
    "an evaluation of dropout": script(OWN_DROPOUT, train=TRAIN + EVALUATE),
    "a norm and an evaluation": script(DEEP, train=TRAIN + EVALUATE),
    "a seed": script(first="torch.manual_seed(1234)\n"),
    "the same seed again": script(
        DEEP, train=TRAIN + "torch.manual_seed(3)\n" + DROPOUT + SGD + TRAIN, first=SEED
    ),
    "a seed later": script(DROPOUT, train="torch.manual_seed(7)\n" + TRAIN),
    "a draw nobody tells": script(DROPOUT, train="noise = torch.rand(1000)\n" + TRAIN),
    "a batch sampler": script(loader=SAMPLER),
    "workers": script(loader=WORKERS),
    "a transform": script(loader=NORMALISED),
    "two loaders": script(train=TRAIN + TRAIN.replace("loader", "DataLoader(train, 50)")),
}
"""Equal as they are."""
TRACED = {
    "normalised tensors": script(loader=TENSORS),
    "sliced by hand": script(loader=SLICED, train=BY_SLICES + STEP),
    "noise on the images": script(
        OWN, train=TRAIN.replace("model(x)", "model(x + 0.1 * torch.rand_like(x))")
    ),
    "dropout and noise": script(
        DROPOUT, train=TRAIN.replace("model(x)", "model(x + 0.1 * torch.randn(x.shape))")
    ),
}
"""Equal where every operation of theirs is told."""
WITHOUT_MODEL = "tensors for a model"
ROWS_IN_LISTS = "rows in lists of numbers"
LOOPS = {
    **PLAIN,
    **TRACED,
    WITHOUT_MODEL: HEAD + LOADER + BY_HAND,
    ROWS_IN_LISTS: script(loader=SAMPLED, train=FROM_BATCHES + STEP),
}
TOLD_IN_FULL = (
    "a class",
    "shared weights",
    "dropout of its own",
    "an evaluation of dropout",
    "a seed",
    "workers",
)
"""Those of PLAIN that are traced as well."""


@dataclass(frozen=True)
class Claimed:
    """What a run left, and what it was given."""

    job: Job
    training: dict[str, bytes]
    records: tuple[trace.Record, ...]
    weights: bytes

    def replayed(self, *, seconds: float = 20.0, cut: bool = False) -> Replayed:
        return replay(
            model=self.job.files["exercise/model.py"],
            files=self.training,
            job=self.job.fields,
            records=self.records,
            weights=self.weights,
            seconds=seconds,
            cut=cut,
        )

    def of(self, kind: type[trace.Record]) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]

    def but(self, change: Callable[[trace.Record], list[trace.Record]]) -> Claimed:
        """The same with each record changed to none, itself or others."""
        return replace(self, records=tuple(other for record in self.records for other in change(record)))


@pytest.fixture(scope="module")
def claims() -> Iterator[Callable[..., Claimed]]:
    """The claim of one of LOOPS on a few hundred images, run in a sandbox once."""
    limits = limits_of(EXERCISE)
    task: Any = load_task(EXERCISE.slug)
    rng = np.random.default_rng(5)
    arrays = (*task.digits(rng, TRAINED_ON), *task.digits(rng, TESTED_ON))
    training = dict(zip(task.TRAINING_FILES, map(task.write_idx, arrays), strict=True))
    prepared = Prepared(training, {}, {"samples": TRAINED_ON})
    with Lines(LocalLauncher(), reuse=True) as lines:

        @functools.cache
        def claim(name: str, *, traced: bool = False) -> Claimed:
            submission = Submission(filename="loop.py", source=LOOPS[name].encode(), exercise=EXERCISE.slug)
            job = job_of(submission, EXERCISE, CHALLENGE, prepared, traced=traced)
            outcome = run(job, EXERCISE, lines, limits)
            refused, records = gated(outcome)
            assert not refused
            bad = [record for record in records if isinstance(record, (trace.Stop, trace.Failure))]
            assert not bad, bad
            return Claimed(job, training, records, outcome.weights)

        yield claim


@pytest.mark.parametrize(
    ("name", "traced"),
    [(name, False) for name in PLAIN] + [(name, True) for name in (*TOLD_IN_FULL, *TRACED)],
)
def test_what_was_run_is_equal(claims: Callable[..., Claimed], name: str, traced: bool) -> None:
    claimed = claims(name, traced=traced)
    replayed = claimed.replayed()
    assert (replayed.status, replayed.reason, replayed.differs) == ("equal", "", None)
    assert replayed.weights == claimed.weights
    (end,) = claimed.of(trace.End)
    assert replayed.steps == end.steps >= 10
    assert end.moved
    own = replace(claimed, records=trace.read(replayed.trace))
    assert not own.of(trace.Failure)
    assert own.of(trace.Hash) == claimed.of(trace.Hash)
    assert len({record.sha256 for record in own.of(trace.Hash)}) >= 9
    (graded,), (told,) = own.of(trace.Graded), claimed.of(trace.Graded)
    assert graded.module == told.module
    assert (graded.scale, graded.shift) == pytest.approx((told.scale, told.shift), rel=1e-6, abs=1e-6)
    assert bool(claimed.weights) is not bool(graded.reason)


def test_a_linear_map_of_the_images_leaves_weights(claims: Callable[..., Claimed]) -> None:
    for name in ("a sequential model", "a class", "weights of its own", "shared weights"):
        assert len(claims(name).weights) > 4 * 7850


@pytest.mark.parametrize("name", TRACED)
def test_what_is_not_told_in_full_is_unknown(claims: Callable[..., Claimed], name: str) -> None:
    replayed = claims(name).replayed()
    assert replayed.status == "unknown"
    assert replayed.reason


def test_parameters_without_a_model_are_equal_too(claims: Callable[..., Claimed]) -> None:
    claimed = claims(WITHOUT_MODEL, traced=True)
    replayed = claimed.replayed()
    assert (replayed.status, replayed.reason, replayed.steps) == ("equal", "", 10)
    own = replace(claimed, records=trace.read(replayed.trace))
    kinds = (trace.Pass, trace.Param, trace.Optimizer)
    assert [own.of(kind) for kind in kinds] == [claimed.of(kind) for kind in kinds]
    assert claimed.of(trace.Hash) == []  # they belong to no module that could be graded
    assert claimed.weights == replayed.weights == b""


def test_rows_that_come_as_lists_of_numbers_are_told_apart(claims: Callable[..., Claimed]) -> None:
    claimed = claims(ROWS_IN_LISTS, traced=True)
    assert claimed.of(trace.Indices)
    assert claimed.replayed().status == "equal"


def test_other_rows_come_to_other_weights(claims: Callable[..., Claimed]) -> None:
    claimed = claims(ROWS_IN_LISTS, traced=True)
    numbers = array("i", base64.b64decode(claimed.of(trace.Indices)[0].data))
    numbers[0], numbers[-1] = numbers[-1], numbers[0]
    other = trace.Indices(data=base64.b64encode(numbers.tobytes()).decode())
    records = tuple(other if isinstance(item, trace.Indices) else item for item in claimed.records)
    assert replace(claimed, records=records).replayed().status == "different"


# ── what was not run is found ────────────────────────────────────────────────────────────────────

NEVER_EQUAL = ("different", "contradiction", "unknown")
Change = Callable[[Any], Any]


def changed_bytes(record: trace.Initial) -> trace.Initial:
    content = bytearray(base64.b64decode(record.data))
    content[0] ^= 1
    return replace(record, data=base64.b64encode(content).decode())


def changed_op(letter: str, place: int, value: Any) -> Callable[[trace.Script], trace.Script]:
    """What puts another operand in every operation of a letter."""

    def change(record: trace.Script) -> trace.Script:
        ops = [
            [*op[:place], value, *op[place + 1 :]] if op[0] == letter and len(op) > place else op
            for op in record.ops
        ]
        return replace(record, ops=ops)

    return change


LIES: dict[str, tuple[type[trace.Record], Change, str]] = {
    "other first values": (trace.Initial, changed_bytes, "different"),
    "no first values": (trace.Initial, lambda _: None, "unknown"),
    "first values that are no bytes": (trace.Initial, lambda it: replace(it, data="*"), "contradiction"),
    "first values of another shape": (trace.Initial, lambda it: replace(it, shape=[3]), "contradiction"),
    "first values of another type": (trace.Initial, lambda it: replace(it, dtype="int64"), "unknown"),
    "no bodies": (trace.Body, lambda _: None, "contradiction"),
    "a body without its operations": (trace.Body, lambda it: replace(it, ops=[]), "contradiction"),
    "a body that gives its input": (trace.Body, lambda it: replace(it, result=["i", 0]), "contradiction"),
    "a body without dropout": (trace.Body, lambda it: replace(it, result=["v", 0]), "contradiction"),
    "another seed": (trace.Script, changed_op("N", 1, 5), "different"),
    "another place of the generator": (trace.Script, changed_op("N", 2, 1), "different"),
    "a place beyond all": (trace.Script, changed_op("N", 2, 1 << 40), "unknown"),
    "another data set": (trace.Script, changed_op("M", 2, ["x", "held-out", [["v1.ToTensor", {}]]]), ""),
    "no data set": (trace.Script, changed_op("M", 2, ["x", "none", [["v1.ToTensor", {}]]]), "contradiction"),
    "no transform": (trace.Script, changed_op("M", 2, ["x", "train", []]), "contradiction"),
    "a transform that is none": (
        trace.Script,
        changed_op("M", 2, ["x", "train", [["v1.Lambda", {}]]]),
        "contradiction",
    ),
    "a loader in order": (trace.Script, changed_op("M", 4, False), "different"),
    "another batch size": (trace.Script, changed_op("M", 3, 32), ""),
    "no model": (trace.Script, changed_op("P", 0, "~"), "contradiction"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_about_what_was_made_is_found(claims: Callable[..., Claimed], name: str) -> None:
    kind, change, status = LIES[name]
    claimed = claims("dropout of its own")

    def changed(record: trace.Record) -> list[trace.Record]:
        if not isinstance(record, kind):
            return [record]
        made = change(record)
        return [] if made is None else [made]

    lie = claimed.but(changed)
    assert lie.records != claimed.records
    replayed = lie.replayed()
    assert replayed.status == status if status else replayed.status in NEVER_EQUAL, replayed.reason
    assert replayed.reason


def test_another_mode_is_found(claims: Callable[..., Claimed]) -> None:
    change = changed_op("F", 2, "e")
    lie = claims("dropout").but(
        lambda record: [change(record) if isinstance(record, trace.Script) else record]
    )
    assert lie.replayed().status == "different"


def test_cut_off_from_its_outputs_a_model_learns_nothing(claims: Callable[..., Claimed]) -> None:
    claimed = claims("a sequential model")
    replayed = claimed.replayed(cut=True)
    assert (replayed.status, replayed.steps) == ("different", 10)
    first = [base64.b64decode(record.data) for record in claimed.of(trace.Initial)]
    assert replayed.weights.endswith(b"".join(first))
    assert not claimed.weights.endswith(b"".join(first))
