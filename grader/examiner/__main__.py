"""The examiner as a process: requests in on stdin, answers out on stdout (see sandbox.wire).

    {"op": "prepare", "exercise": slug, "seeds": {"train": int, "hidden": int}, "replays": bool}
        answers with files training/… and hidden/…, and {"parameters": …}
        where replays will follow, it then loads what these need, while the student's file runs
    {"op": "orders", "exercise": slug, "seed": int, "parameters": {…}}
        answers {"orders": [[[sample, …], …], …]}: by epoch and batch, what model.orders says
    {"op": "judge", "exercise": slug, "parameters": {…}}
        with files training/…, hidden/… and answers.jsonl; answers {"judged": […], "metrics": {…}, "samples": int}
    {"op": "replay", "exercise": slug, "job": {…}, "seconds": float, "looks": int}
        with files training/…, trace.jsonl and weights.safetensors; answers trace.jsonl, and {"status": …, "reason": …}
        with the file inputs, too, it answers logits and first-logits, or says in "unanswered" why not
    {"op": "inputs", "exercise": slug}
        with files hidden/…; answers with the file inputs, in which there are no labels
    {"op": "counterfactual", "exercise": slug, "job": {…}, "seconds": float, "found": [slug, …]}
        with files training/… and trace.jsonl (hashes and answers); answers {"matches": [{"slug": …, …}, …]}
    {"op": "transfer", "exercise": slug, "seeds": {"train": int, "hidden": int}, "job": {…}, "seconds": float}
        with trace.jsonl: executes it on other data; answers {"status": …, "metrics": {…}, "cut": {…}, "first": {…}}
        where the architecture is the file's own also with weights.safetensors
    {"op": "measure", "exercise": slug, "scale": float, "shift": float}
        with files hidden/… and weights.safetensors, or logits; answers {"metrics": {…}, "samples": int}

{"op": "ping"} is answered by a frame R.  A request that fails is answered with {"error": sentence}; the traceback goes
to stderr.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from grader.errors import GateError, MetronomeError
from grader.examiner import hidden
from grader.examiner.answering import Answered
from grader.examiner.counterfactual import counterfactual
from grader.examiner.replay import replay
from grader.examiner.warm import load
from grader.exercise import Exercise, load_exercise
from grader.initial import completed, first_weights, shuffled
from sandbox import trace, wire
from sandbox.housekeeping import leaving_nothing
from sandbox.inputs import Rows

COLLECTED = 16
"""Requests between collections: what a replay makes refers to itself, and Python cannot see how large tensors are."""


def answer(
    request: dict[str, Any], files: dict[str, bytes], real: Path | None
) -> tuple[dict[str, bytes], dict[str, object]]:
    """The files and the object that answer one request."""
    exercise = load_exercise(request["exercise"])
    if request["op"] == "prepare":
        training, kept, parameters = hidden.draw(exercise, request["seeds"], real)
        named = {f"training/{name}": content for name, content in training.items()}
        named |= {f"hidden/{name}": content for name, content in kept.items()}
        return named, {"parameters": parameters}
    if request["op"] == "orders":
        return {}, {"orders": hidden.orders(exercise, request["seed"], request["parameters"])}
    if request["op"] == "judge":
        judgement = hidden.judge(
            exercise,
            files["answers.jsonl"],
            below(files, "training/"),
            below(files, "hidden/"),
            request["parameters"],
        )
        return {}, judgement.as_json()
    if request["op"] == "replay":
        replayed = replay(
            model=(exercise.folder / "model.py").read_bytes(),
            files=below(files, "training/"),
            job=request["job"],
            records=told(exercise, files),
            weights=files["weights.safetensors"],
            seconds=request["seconds"],
            looks=request["looks"],
            unseen=rows(exercise, files["inputs"]) if "inputs" in files else None,
        )
        found = replayed.answered or Answered()
        named = {"logits": found.trained, "first-logits": found.first}
        return {"trace.jsonl": replayed.trace, **named}, {
            "status": replayed.status,
            "reason": replayed.reason,
            "steps": replayed.steps,
            "differs": replayed.differs,
            "seconds": replayed.seconds,
            "by_hand": replayed.by_hand,
            "unanswered": found.reason,
        }
    if request["op"] == "inputs":
        return {"inputs": hidden.inputs(exercise, below(files, "hidden/")).tobytes()}, {}
    if request["op"] == "counterfactual":
        matches = counterfactual(
            exercise,
            below(files, "training/"),
            request["job"],
            [trace.decode(line) for line in files["trace.jsonl"].splitlines()],
            seconds=request["seconds"],
            found=request["found"],
        )
        return {}, {"matches": [match.as_json() for match in matches]}
    if request["op"] == "transfer":
        return {}, transferred(exercise, request, told(exercise, files), real)
    if request["op"] == "measure" and "logits" in files:
        metrics, samples = hidden.measure_logits(exercise, files["logits"], below(files, "hidden/"))
        return {}, {"metrics": metrics, "samples": samples}
    if request["op"] == "measure":
        metrics, samples = hidden.measure(
            exercise,
            files["weights.safetensors"],
            below(files, "hidden/"),
            request["scale"],
            request["shift"],
        )
        return {}, {"metrics": metrics, "samples": samples}
    raise ValueError(f"unknown request {request['op']!r}")


def told(exercise: Exercise, files: dict[str, bytes]) -> tuple[trace.Record, ...]:
    """A run's records, with what was handed over beside them where the architecture is the file's own."""
    records = trace.read(files["trace.jsonl"])
    if exercise.own is None:
        return records
    return completed(records, files["weights.safetensors"], exercise.own["parameters"])


def rows(exercise: Exercise, content: bytes) -> Rows:
    """Hidden inputs as rows (n, inputs)."""
    return np.frombuffer(content, dtype=np.float32).reshape(-1, (exercise.own or {})["inputs"])


def transferred(
    exercise: Exercise, request: dict[str, Any], records: tuple[trace.Record, ...], real: Path | None
) -> dict[str, object]:
    """A claimed program on another challenge's data: how that went, and the hidden test's numbers there.

    `cut` are the numbers that it comes to when no gradient passes what a forward gave (a loop that learns from its
    loss learns nothing then), `first` those of the weights that it begins with.  A model of the file's own
    architecture begins with its first weights in another order, but for the `cut`.
    """
    training, kept, _ = hidden.draw(exercise, request["seeds"], real)
    found: dict[bool, dict[str, float]] = {False: {}}
    first: dict[str, float] = {}
    unseen = None if exercise.own is None else hidden.inputs(exercise, kept)
    rng = np.random.default_rng(request["seeds"]["train"])
    for cut in (False, True):
        again = replay(
            model=(exercise.folder / "model.py").read_bytes(),
            files=training,
            job=request["job"],
            records=records if cut or exercise.own is None else shuffled(records, rng),
            weights=b"",
            seconds=request["seconds"],
            careful=True,
            cut=cut,
            unseen=unseen,
        )
        if again.status != "different":
            return {"status": again.status, "metrics": {}, "cut": {}, "first": {}}
        if exercise.own is not None:
            logits = again.answered or Answered()
            found[cut], first = (_scored(exercise, item, kept) for item in (logits.trained, logits.first))
            continue
        own = trace.read(again.trace)
        graded = [record for record in own if isinstance(record, trace.Graded)]
        if not graded:
            return {"status": "nothing", "metrics": {}, "cut": {}, "first": {}}
        found[cut] = _numbers(exercise, again.weights, kept, graded[-1])
        weights = again.first or first_weights(own, exercise.shapes, graded[-1].module)
        first = _numbers(exercise, weights, kept, graded[-1])
    return {"status": "done", "metrics": found[False], "cut": found[True], "first": first}


def _scored(exercise: Exercise, logits: bytes, kept: dict[str, bytes]) -> dict[str, float]:
    """The hidden test's numbers for logits; none where there are none, or these are no numbers."""
    if not logits or not np.isfinite(np.frombuffer(logits, dtype=np.float32)).all():
        return {}
    return hidden.measure_logits(exercise, logits, kept)[0]


def _numbers(
    exercise: Exercise, weights: bytes, kept: dict[str, bytes], graded: trace.Graded
) -> dict[str, float]:
    """The hidden test's numbers for some weights; none where these are no numbers."""
    try:
        return hidden.measure(exercise, weights, kept, graded.scale, graded.shift)[0]
    except GateError:
        return {}


def below(files: dict[str, bytes], prefix: str) -> dict[str, bytes]:
    """The files of one folder, by their names in it."""
    return {name.removeprefix(prefix): content for name, content in files.items() if name.startswith(prefix)}


def frames(request: dict[str, Any], files: dict[str, bytes], real: Path | None) -> Iterator[bytes]:
    """The answer to one request as frames, whatever happens."""
    try:
        named, fields = answer(request, files, real)
    except Exception as error:  # noqa: BLE001 - the grader is told, and decides
        traceback.print_exc()
        named, fields = {}, {"error": f"{type(error).__name__}: {error}"[:2000]}
    for name, content in named.items():
        yield from wire.file_frames(name, content)
    yield wire.frame(wire.EXIT, json.dumps(fields).encode())


def make_ready(request: dict[str, Any]) -> None:
    """Load what replays of an exercise need; where that fails, they will say so."""
    with contextlib.suppress(MetronomeError, ImportError):
        load(load_exercise(request["exercise"]).preload)


def main() -> None:
    """Serve requests until the other side closes the stream."""
    source, sink = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    with leaving_nothing():
        serve(source, sink)


def serve(source: int, sink: int) -> None:
    """Answer what arrives at one descriptor on the other one."""
    data = os.environ.get("GRADE_DATA", "")
    real = Path(data) if data else None
    reader = wire.FrameReader(frozenset((wire.FILE, wire.JOB)))
    wire.write_all(sink, wire.frame(wire.READY, json.dumps({"python": sys.version.split()[0]}).encode()))
    files: dict[str, bytearray] = {}
    answered = 0
    while received := os.read(source, 1 << 20):
        for channel, payload in reader.feed(received):
            if channel == wire.FILE:
                name, content = wire.split_file(payload)
                files.setdefault(name, bytearray()).extend(content)
                continue
            request = json.loads(payload)
            if request.get("op") == "ping":
                wire.write_all(sink, wire.frame(wire.READY, b"{}"))
                continue
            named = {name: bytes(content) for name, content in files.items()}
            files = {}
            for piece in frames(request, named, real):
                wire.write_all(sink, piece)
            if request.get("replays"):
                make_ready(request)
            answered += 1
            if answered % COLLECTED == 0:
                gc.collect()


if __name__ == "__main__":
    main()
