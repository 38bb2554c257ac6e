"""A run that is what it claims to be is equal to its replay; one that is not is called so, and nothing is raised."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.optim import optimizer as torch_optimizer

from grader.challenge import Challenge
from grader.checks.registry import run_checks
from grader.examine import prepare
from grader.examiner.replay import Replayed, beats_of, replay
from grader.exercise import course, load_exercise
from grader.launch.base import Job
from grader.launch.lines import Lines, limits_of
from grader.launch.local import LocalLauncher
from grader.models import Evidence, Submission
from grader.runs import gated, job_of, run
from grader.verify import composed
from sandbox import trace

EXERCISE = load_exercise("linreg-torch")
SOLUTION = (course("reference") / EXERCISE.slug / "solution.py").read_text()
TRAIN = "def train(model, loader, criterion, optimizer, epochs):\n"
CHANGING = TRAIN + textwrap.indent(
    """\
for epoch in range(epochs):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.param_groups[0]["lr"] *= 0.99
        optimizer.step()
return [0.0] * epochs
""",
    "    ",
)
ODD = TRAIN + textwrap.indent(
    """\
import torch
kept = None, None
for epoch in range(epochs):
    for number, (x, y) in enumerate(loader):
        loss = criterion(model(x), y)
        if epoch == 8 and number == 4:
            loss = loss / 2
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
        optimizer.step()
return [0.0] * epochs
""",
    "    ",
)
LATE = """\
            if epoch == 8 and number == 2:
                kept = x, y
            if epoch == 9 and number == 3:
                loss = loss + criterion(model(kept[0]), kept[1])
            optimizer.zero_grad()
"""
KEPT = ODD.replace("            optimizer.zero_grad()\n", LATE)
BY_HAND = TRAIN + textwrap.indent(
    """\
import copy
import torch
best = copy.deepcopy(model.state_dict())
for epoch in range(epochs):
    for number, (x, y) in enumerate(loader):
        loss = ((model(x + 0.01 * torch.randn(len(x), 1)) - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= 0.05 / (1 + number) * p.grad
                p.grad = None
    if epoch == 2:
        model.load_state_dict(best)
return [0.0] * epochs
""",
    "    ",
)
NEVER_CLEARED = SOLUTION.replace("            optimizer.zero_grad()", "            pass")
STEPPED_TWICE = SOLUTION.replace(
    "            optimizer.step()", "            optimizer.step()\n            optimizer.step()"
)
LOOPS = {
    "solution": SOLUTION,
    "changing": CHANGING,
    "odd": ODD,
    "kept": KEPT,
    "by hand": BY_HAND,
    "never cleared": NEVER_CLEARED,
    "stepped twice": STEPPED_TWICE,
}


@dataclass(frozen=True)
class Claimed:
    """What a run left, and what it was given."""

    job: Job
    training: dict[str, bytes]
    records: tuple[trace.Record, ...]
    weights: bytes

    def replayed(self, *, seconds: float = 20.0) -> Replayed:
        return replay(
            model=self.job.files["exercise/model.py"],
            files=self.training,
            job=self.job.fields,
            records=self.records,
            weights=self.weights,
            seconds=seconds,
        )

    def of(self, kind: type[trace.Record]) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]

    def but(self, change: Callable[[trace.Record], list[trace.Record]]) -> Claimed:
        """The same with each record changed to none, itself or others."""
        return replace(self, records=tuple(other for record in self.records for other in change(record)))

    def with_program(self, **changes: Any) -> Claimed:
        return self.but(
            lambda record: [replace(record, **changes)] if isinstance(record, trace.Program) else [record]
        )


@pytest.fixture(scope="module")
def claims() -> Iterator[Callable[..., Claimed]]:
    """The claim of one of LOOPS, run in a sandbox once."""
    limits = limits_of(EXERCISE)
    challenge = Challenge.derive(bytes(32), EXERCISE.slug, EXERCISE.version, "", "replay")
    with Lines(LocalLauncher(), reuse=True) as lines:
        prepared = prepare(lines.examiner(), EXERCISE, challenge)

        @functools.cache
        def claim(name: str, *, traced: bool = False) -> Claimed:
            source = LOOPS[name].encode()
            submission = Submission(filename="loop.py", source=source, exercise=EXERCISE.slug)
            job = job_of(submission, EXERCISE, challenge, prepared, {"epochs": 10}, traced=traced)
            outcome = run(job, EXERCISE, lines, limits)
            refused, records = gated(outcome)
            assert not refused
            assert not [record for record in records if isinstance(record, (trace.Stop, trace.Failure))]
            return Claimed(job, dict(prepared.training), records, outcome.weights)

        yield claim


@pytest.fixture
def solution(claims: Callable[..., Claimed]) -> Claimed:
    return claims("solution")


NEVER_EQUAL = ("different", "contradiction", "unknown")


def refused(claimed: Claimed) -> str:
    """Why a claim is not equal to its replay."""
    replayed = claimed.replayed()
    assert replayed.status in NEVER_EQUAL
    assert replayed.reason
    return replayed.status


# ── what is right ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "traced"),
    [
        ("solution", False),
        ("solution", True),
        ("changing", False),
        ("odd", False),
        ("kept", False),
        ("kept", True),
        ("by hand", True),
    ],
)
def test_what_was_run_is_equal(claims: Callable[..., Claimed], name: str, traced: bool) -> None:
    claimed = claims(name, traced=traced)
    replayed = claimed.replayed()
    assert (replayed.status, replayed.reason, replayed.differs) == ("equal", "", None)
    assert replayed.weights == claimed.weights
    (end,) = claimed.of(trace.End)
    assert replayed.steps == end.steps
    own = Claimed(claimed.job, claimed.training, trace.read(replayed.trace), replayed.weights)
    assert own.of(trace.Hash) == claimed.of(trace.Hash)
    assert not own.of(trace.Failure)
    if not traced:
        assert own.of(trace.Order) == claimed.of(trace.Order)
        assert own.of(trace.Pattern) == claimed.of(trace.Pattern)
        assert own.of(trace.Pass) == claimed.of(trace.Pass)
        assert own.of(trace.End)[0].counts == end.counts


def test_a_replay_tells_no_program_of_its_own(solution: Claimed) -> None:
    """Nobody executes it once more, and telling it takes time."""
    own = trace.read(solution.replayed().trace)
    assert not [record for record in own if isinstance(record, (trace.Program, trace.Script))]


@pytest.mark.parametrize(
    ("name", "traced", "own"),
    [("solution", False, False), ("changing", False, True), ("odd", False, False), ("by hand", True, True)],
)
def test_what_has_to_train_elsewhere_too_is_told(
    claims: Callable[..., Claimed], name: str, traced: bool, own: bool
) -> None:
    assert claims(name, traced=traced).replayed().by_hand is own


def test_what_is_not_told_in_full_is_unknown(claims: Callable[..., Claimed]) -> None:
    assert refused(claims("by hand")) == "unknown"


# ── what is not ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("place", [0, 1, -1])
def test_one_hash_that_is_another_is_found(solution: Claimed, place: int) -> None:
    wrong = solution.of(trace.Hash)[place]
    flipped = replace(wrong, sha256=f"{int(wrong.sha256[0], 16) ^ 1:x}" + wrong.sha256[1:])
    replayed = solution.but(lambda record: [flipped if record is wrong else record]).replayed()
    assert (replayed.status, replayed.differs) == ("different", wrong.step)


def test_hashes_that_are_missing_or_too_many_are_found(solution: Claimed) -> None:
    last = solution.of(trace.Hash)[-1]
    assert refused(solution.but(lambda record: [] if record is last else [record])) == "different"
    assert (
        refused(solution.but(lambda record: [record, record] if record is last else [record])) == "different"
    )
    none = solution.but(lambda record: [] if isinstance(record, trace.Hash) else [record])
    assert refused(none) == "different"


def test_other_weights_are_found(solution: Claimed) -> None:
    weights = bytearray(solution.weights)
    weights[-1] ^= 1
    for others in (bytes(weights), b"", solution.weights + b"\0"):
        assert refused(replace(solution, weights=others)) == "different"


@pytest.mark.parametrize("which", [0, 1, -1])
def test_a_script_that_is_missing_is_found(solution: Claimed, which: int) -> None:
    gone = solution.of(trace.Script)[which]
    assert refused(solution.but(lambda record: [] if record is gone else [record])) == "unknown"


def test_a_program_that_is_missing_or_given_twice_is_found(solution: Claimed) -> None:
    (program,) = solution.of(trace.Program)
    refused(solution.but(lambda record: [] if record is program else [record]))
    refused(solution.but(lambda record: [record, record] if record is program else [record]))
    assert refused(solution.with_program(truncated=True)) == "unknown"


def test_other_orders_are_found(solution: Claimed) -> None:
    (program,) = solution.of(trace.Program)
    items = program.items
    assert len(items) > 1
    orders: list[Any] = [[], items[::-1], items[1:], items[:-2], [*items, items[1]], [[items, 1], *items]]
    for place, (what, times) in enumerate(items[:-1]):  # the last is only that the loader has no more
        orders += [[*items[:place], [what, times + more], *items[place + 1 :]] for more in (-1, 1, 10)]
    for order in orders:
        refused(solution.with_program(items=order))


@pytest.mark.parametrize(
    "items", [[["x", 1]], [[{}, 1]], [0], [[0]], ["ab"], [None], [[[[0, -1]], 1]], [[0, 10**400]], [{"0": 1}]]
)
def test_orders_that_are_none_are_refused(solution: Claimed, items: Any) -> None:
    assert solution.with_program(items=items).replayed(seconds=0.5).status in (*NEVER_EQUAL, "too-long")


@pytest.mark.parametrize("letter", list("DZFLBS"))
def test_an_operation_left_out_or_done_twice_is_found(solution: Claimed, letter: str) -> None:
    for times in (0, 2):

        def change(record: trace.Record, times: int = times) -> list[trace.Record]:
            if not isinstance(record, trace.Script):
                return [record]
            ops = [op for op in record.ops for _ in range(times if op[0] == letter else 1)]
            return [replace(record, ops=ops)]

        replayed = solution.but(change).replayed()
        if letter == "Z" or (letter in "FL" and times == 2):  # a backward says itself what it began with
            assert replayed.status in ("equal", *NEVER_EQUAL)
        else:
            assert replayed.status in NEVER_EQUAL


@dataclass(frozen=True)
class Change:
    """A change of one script's operations: `what` happens to the one at `place`, `other` is another place."""

    what: str
    script: int
    place: int
    other: int

    def applied(self, claimed: Claimed) -> Claimed:
        scripts = claimed.of(trace.Script)
        chosen = scripts[self.script % len(scripts)]
        ops = list(chosen.ops)
        if not ops:
            return claimed
        place, other = self.place % len(ops), self.other % len(ops)
        if self.what == "dropped":
            del ops[place]
        elif self.what == "moved":
            ops.insert(other, ops.pop(place))
        elif self.what == "doubled":
            ops.insert(other, ops[place])
        else:  # taken from another script
            others = [op for script in scripts for op in script.ops]
            ops[place] = others[self.other % len(others)]
        return claimed.but(lambda record: [replace(record, ops=ops)] if record is chosen else [record])


CHANGES = st.builds(
    Change,
    what=st.sampled_from(["dropped", "moved", "doubled", "replaced"]),
    script=st.integers(0, 20),
    place=st.integers(0, 40),
    other=st.integers(0, 200),
)
BUGS = {"never cleared": "missing-zero-grad", "stepped twice": "double-step"}


@pytest.mark.parametrize("name", ["solution", *BUGS])
@given(changes=st.lists(CHANGES, min_size=1, max_size=3))
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
def test_operations_that_are_dropped_moved_or_doubled_are_equal_only_in_effect(
    claims: Callable[..., Claimed], name: str, changes: list[Change]
) -> None:
    """Where a changed program is equal, what is judged is what it does: a bug is found, and a right loop right."""
    claimed = claims(name)
    for change in changes:
        claimed = change.applied(claimed)
    replayed = claimed.replayed()
    assert replayed.status in ("equal", "different", "contradiction", "unknown")
    assert replayed.reason or replayed.status == "equal"
    if replayed.status != "equal":
        return
    records = composed(claimed.records, trace.read(replayed.trace))
    parameters: dict[str, Any] = dict(claimed.job.fields["parameters"])  # type: ignore[call-overload]
    results = run_checks(Evidence(records=records, source=(), parameters=parameters), EXERCISE)
    for slug in ("missing-zero-grad", "double-step", "missing-step", "step-before-backward"):
        assert (results[slug].status == "found") is (BUGS.get(name) == slug), (slug, changes)


@pytest.mark.parametrize("numbers", [[], [[0.05, 1]], [[0.01, 10**9]], [["nan", 1]], [[]], [[0.1, 0.1, 0.1]]])
def test_numbers_that_are_others_or_used_up_are_found(claims: Callable[..., Claimed], numbers: Any) -> None:
    refused(claims("changing").with_program(numbers=numbers))


def test_constants_that_are_used_up_are_found(claims: Callable[..., Claimed]) -> None:
    claimed = claims("by hand", traced=True)
    (program,) = claimed.of(trace.Program)
    assert program.constants
    assert refused(claimed.with_program(constants=program.constants[:-1])) == "contradiction"
    assert refused(claimed.with_program(constants=[])) == "contradiction"


def test_another_challenge_s_run_is_found(solution: Claimed) -> None:
    seeds: Any = solution.job.fields["seeds"]
    for purpose in ("init", "order"):
        fields = {**solution.job.fields, "seeds": {**seeds, purpose: seeds[purpose] + 1}}
        assert refused(replace(solution, job=replace(solution.job, fields=fields))) == "different"


def test_a_claim_of_nothing_is_found(solution: Claimed) -> None:
    refused(replace(solution, records=()))
    refused(solution.but(lambda record: [] if isinstance(record, trace.Script) else [record]))


def test_a_program_without_end_ends(solution: Claimed) -> None:
    replayed = solution.with_program(items=[[[], 10**12]]).replayed(seconds=0.2)
    assert replayed.status == "too-long"
    assert replayed.seconds < 10


# ── nothing is left behind ───────────────────────────────────────────────────────────────────────


def state() -> list[Any]:
    """What a replay changes while it runs."""
    functional, optimizer = torch.nn.functional, torch.optim.Optimizer
    return [
        functional.mse_loss,
        functional.cross_entropy,
        optimizer.__init__,
        optimizer.zero_grad,
        optimizer.step,
        dict(torch_optimizer._global_optimizer_pre_hooks),
        dict(torch_optimizer._global_optimizer_post_hooks),
        torch.autograd.backward,
        torch.autograd.grad,
        torch.nn.Module.__call__,
        torch.nn.utils.clip_grad_norm_,
        torch.utils.data.DataLoader.__init__,
        torch.utils.data.DataLoader.__iter__,
        torch.Tensor.item,
        torch.manual_seed,
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
        torch.get_rng_state().tolist(),
    ]


@pytest.mark.parametrize("wrong", ["nothing", "its program", "its order", "its model"])
def test_global_state_is_as_it_was(solution: Claimed, wrong: str) -> None:
    claimed = solution
    if wrong == "its program":
        claimed = solution.but(lambda record: [] if isinstance(record, trace.Program) else [record])
    elif wrong == "its order":
        claimed = solution.with_program(items=[[0, 5]])
    before = state()
    if wrong == "its model":
        files = {**solution.job.files, "exercise/model.py": b"def make(*_): raise ValueError('ours')\n"}
        with pytest.raises(ValueError, match="ours"):
            replace(solution, job=replace(solution.job, files=files)).replayed()
    else:
        claimed.replayed()
    assert state() == before


def test_the_beats_of_operations_are_those_of_a_pattern(solution: Claimed) -> None:
    patterns = {record.beats for record in solution.of(trace.Pattern)}
    assert {beats_of(record.ops) for record in solution.of(trace.Script)} - {""} <= patterns
    closure = [["Z", 0, True], ["?", "F", "why"], ["=", "torch.add", [], {}, 0]]
    assert beats_of([["I", 0], ["D", 0, 0], ["S", 0, closure], ["?"], [], 3, "F", [0]]) == "DZFS?"
