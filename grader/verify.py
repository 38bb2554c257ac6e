"""Verifying a run: the examiner executes what it claims, and what that shows is judged in the claim's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grader import gate
from grader.challenge import Challenge
from grader.errors import ExaminerError, GateError
from grader.examine import Prepared, basis_of
from grader.exercise import Exercise, Hidden
from grader.launch.drive import ask_examiner
from grader.launch.lines import Lines
from grader.logits import FLOAT, Logits, finite, measured, rows_of
from grader.models import Verification
from sandbox import trace

JOB = ("entry", "name", "seeds", "parameters", "shapes", "own", "traced")
LEAST_SECONDS, MOST_SECONDS = 10.0, 100.0
SLOWER = 5.0  # times as long as the run itself may a replay take
MOST_WITHOUT = 0.5  # of what a program gains on the hidden test may come without a gradient from its loss

HABITS = (
    trace.Answer,
    trace.Failure,
    trace.Function,
    trace.Live,
    trace.Over,
    trace.Returned,
    trace.Schedule,
    trace.Started,
    trace.StateLoad,
    trace.Stop,
    trace.Sync,
)
"""Records of what leaves no mark on any number: only the run itself can tell them."""


MAX_DEPTH = 12  # closures within closures


def untold(records: Sequence[trace.Record]) -> bool:
    """Whether a claimed program says itself of an operation that it cannot be told, so that no replay could end."""
    return any(_untold(record.ops, MAX_DEPTH) for record in records if isinstance(record, trace.Script))


def _untold(ops: object, depth: int) -> bool:
    for op in ops if isinstance(ops, list) and depth else ():
        match op:
            case ["?", "f" | "l", _, True]:  # an evaluation is left out
                pass
            case ["?", *_]:
                return True
            case ["S", _, closure, *_] if _untold(closure, depth - 1):
                return True
    return False


@dataclass(frozen=True)
class Replayed:
    """A replay's verdict (see grader.examiner.replay), and the records to be judged: its own, with claimed habits.

    `logits` are what it gave for inputs that no run has seen, where it was asked.
    """

    status: str
    reason: str
    steps: int
    records: tuple[trace.Record, ...]
    by_hand: bool = False
    logits: Logits | None = None


def replay(
    lines: Lines,
    exercise: Exercise,
    job: Mapping[str, object],
    prepared: Prepared,
    claimed: Sequence[trace.Record],
    weights: bytes,
    seconds: float,
    looks: int,
    unseen: bytes = b"",
) -> Replayed:
    """Have the examiner execute a claimed run, which took `seconds`; `job` is what the sandbox was given.

    `looks` seeds when the replay's ledger looks, which the run could not know; `unseen` are inputs of which a model of
    the file's own architecture is asked.  An examiner that dies of a program or
    hangs in it is ended, and nothing is known then.
    """
    limit = min(max(LEAST_SECONDS, SLOWER * seconds), MOST_SECONDS)
    files = {f"training/{name}": content for name, content in prepared.training.items()}
    files["trace.jsonl"] = b"".join(trace.encode(record) for record in claimed)
    files["weights.safetensors"] = weights
    files |= {"inputs": unseen} if unseen else {}
    request: dict[str, object] = {
        "op": "replay",
        "exercise": exercise.slug,
        "job": {key: job[key] for key in JOB},
        "seconds": limit,
        "looks": looks,
    }
    try:
        given, answer = ask_examiner(lines.examiner(), files, request, limit + LEAST_SECONDS)
        status, reason, steps = str(answer["status"]), str(answer["reason"]), int(answer["steps"])
    except (ExaminerError, KeyError, TypeError, ValueError):  # it died, hung, or answered something else
        lines.end_examiner()
        return Replayed("unknown", "the process that did it again failed in it", 0, ())
    if status != "equal":
        return Replayed(status, reason, steps, ())
    by_hand = bool(answer.get("by_hand"))
    try:
        own = gate.check_trace(given.get("trace.jsonl", b""))
    except GateError as error:
        return Replayed("unknown", f"the replay's own record was refused: {error}", steps, ())
    logits = _logits(lines, exercise, given, str(answer.get("unanswered", "")), unseen) if unseen else None
    return Replayed(status, reason, steps, composed(claimed, own), by_hand, logits)


def _logits(
    lines: Lines, exercise: Exercise, given: Mapping[str, bytes], reason: str, unseen: bytes
) -> Logits:
    """What the examiner's rebuilt model gave, where it is as much as was asked for."""
    trained, first = given.get("logits", b""), given.get("first-logits", b"")
    size = FLOAT * rows_of(exercise, unseen) * (exercise.own or {})["outputs"]
    if len(trained) != size or len(first) != size:
        return Logits(reason=reason or "it gave another number of scores")
    return Logits(trained, first, rebuilt=True, basis=basis_of(lines))


def transfers(
    lines: Lines,
    exercise: Exercise,
    challenge: Challenge,
    job: Mapping[str, object],
    claimed: Sequence[trace.Record],
    seconds: float,
    *,
    weights: bytes = b"",
) -> bool:
    """Whether a program with operations or a model of its own trains on data that no run has seen, too, by its loss.

    Numbers in it that were worked out from this challenge's data, and not by its operations, are of no use there; and
    where no gradient passes the model's outputs, it must not come to good weights, or gain little over those that it
    begins with.  True where the exercise measures nothing.

    A model of the file's own (whose `weights` hold what the trace does not) begins there with its first weights in
    another order, in which nothing that they were to bring along is left.
    """
    hidden = exercise.hidden
    if hidden is None or exercise.graded is None:
        return True
    limit = min(max(LEAST_SECONDS, SLOWER * seconds), MOST_SECONDS)
    seeds = {purpose: challenge.torch_seed(f"transfer {purpose}") for purpose in ("init", "order", "dropout")}
    request: dict[str, object] = {
        "op": "transfer",
        "exercise": exercise.slug,
        "seeds": {purpose: challenge.seed(f"transfer {purpose}") for purpose in ("train", "hidden")},
        "job": {**{key: job[key] for key in JOB}, "seeds": seeds},
        "seconds": limit,
    }
    files = {"trace.jsonl": b"".join(trace.encode(record) for record in claimed)}
    files |= {"weights.safetensors": weights} if exercise.own else {}
    try:
        _, answer = ask_examiner(lines.examiner(), files, request, 2 * limit + LEAST_SECONDS)
        if answer["status"] != "done":
            return False
        found = float(answer["metrics"][hidden.metric])
        cut, first = (answer[key].get(hidden.metric) for key in ("cut", "first"))
    except (ExaminerError, KeyError, TypeError, ValueError, AttributeError):
        lines.end_examiner()
        return False
    if not _reaches(hidden, found):
        return False
    if cut is None or not _reaches(hidden, cut):
        return True
    return first is not None and abs(cut - first) < MOST_WITHOUT * abs(found - first)


def reaches(lines: Lines, exercise: Exercise, prepared: Prepared, logits: Logits | None) -> bool:
    """Whether a model of the file's own answers well enough, so that it matters where that comes from."""
    if logits is None or not logits.trained or not finite(logits.trained) or exercise.hidden is None:
        return False
    value, _ = measured(lines, exercise, prepared.hidden, logits.trained, exercise.hidden.metric)
    return _reaches(exercise.hidden, value)


def _reaches(hidden: Hidden, value: float) -> bool:
    return value >= hidden.threshold if hidden.better == "higher" else value <= hidden.threshold


def composed(claimed: Sequence[trace.Record], own: Sequence[trace.Record]) -> tuple[trace.Record, ...]:
    """A replay's records, with what only the run itself can tell: answers, too, but those that a replay gave.

    What the run says of spies that failed counts for nothing, or a file could so hide what the replay's own spies saw.
    """
    ends = [record for record in claimed if isinstance(record, trace.End)]
    answers = {(item.function, item.case): item for item in own if isinstance(item, trace.Answer)}
    found: list[trace.Record] = [record for record in own if not isinstance(record, (*HABITS, trace.End))]
    found += answers.values()
    found += [
        record
        for record in claimed
        if isinstance(record, HABITS)
        and not (isinstance(record, trace.Answer) and (record.function, record.case) in answers)
    ]
    for record in own:
        if isinstance(record, trace.End) and ends:
            found.append(replace(record, finished=ends[-1].finished, seconds=ends[-1].seconds))
    return tuple(found)


def told(replayed: Replayed) -> Verification:
    """A replay as a report tells it."""
    if replayed.status == "equal":
        return Verification(status="verified", method="replay", steps=replayed.steps, distance=0.0)
    if replayed.status == "unknown":
        return Verification(status="observed", method="replay", reason=replayed.reason)
    return Verification(status="unverified", method="replay", steps=replayed.steps, reason=replayed.reason)


def lesser(one: Verification | None, two: Verification | None) -> Verification | None:
    """Of two runs' verifications the one that says less; None where neither was to be verified."""
    if one is None and two is None:
        return None
    unknown = Verification(status="observed", method="replay", reason="a run was not verified")
    rank = {"unverified": 0, "observed": 1, "verified": 2}
    return min(one or unknown, two or unknown, key=lambda item: rank[item.status])
