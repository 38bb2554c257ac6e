"""The replay: a claimed run executed again by a process that never ran a student's code, and compared.

The exercise's own `model.py` makes the same things from the same seeds, the machine executes the claimed program on
them under the same spies, and the hashes of the parameters after the same steps are compared.  What the spies write
here is a trace that nobody could have forged.
"""

from __future__ import annotations

import base64
import functools
import math
import tempfile
import time
import types
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from grader.checks.heldout import HELD_OUT as HELD_OUT_NAMES
from grader.examiner.answering import Answered, answered
from grader.examiner.machine import SILENT, Machine
from grader.examiner.modules import first_value
from grader.examiner.numbers import brings_numbers
from grader.examiner.things import HELD_OUT, Cannot, Contradiction, Things, TooLong
from grader.examiner.warm import warm
from sandbox import trace, vision, wire
from sandbox.child import Child
from sandbox.inputs import Rows
from sandbox.spies.recorder import Recorder
from sandbox.student import Student

MANY = 1000  # parameters, which a few settings cannot lead anywhere
HASH = b'"kind":"Hash"'
"""What the lines of a trace have in them that are read of the replay's own: those that are compared."""


@dataclass(frozen=True)
class Replayed:
    """What a replay showed.

    `status` is "equal", "different" (from step `differs` on: the first hash that does), "contradiction", "unknown"
    (it could not be executed) or "too-long", with `reason` in words.  `trace` and `weights` are the replay's own, and
    `first` the weights of a given model before it; `answered` what a model of the file's own architecture gives for
    unseen rows.
    `by_hand`: a parameter or gradient was changed by more than backward and step, or by numbers of the file's own.
    """

    status: str
    reason: str
    steps: int
    differs: int | None
    trace: bytes
    weights: bytes
    seconds: float
    by_hand: bool = False
    first: bytes = b""
    answered: Answered | None = None


class _Told(Recorder):
    """A recorder that is told the line of each beat, as no student's code is running here."""

    told = 0

    def line(self, depth: int = 2) -> int:
        """The line of the beat that is being executed."""
        return self.told


class _Again(Child):
    """A child that executes a program in place of a student's file."""

    recorder_class = _Told

    def __init__(
        self, job: dict[str, Any], folder: Path, records: Sequence[trace.Record], until: float
    ) -> None:
        self.traced, self.left = bytearray(), bytearray()
        super().__init__(job, folder, -1)
        self._records = records
        self._until = until
        self._lines = dict(_lines_of(records))
        self.failure: Exception | None = None
        self.first = b""
        self.by_hand = self.careful = self.cut = False
        self.things: Things | None = None
        self.rows: Rows | None = None  # that no run has seen
        self.answered: Answered | None = None

    def _send(self, channel: bytes, data: bytes) -> None:
        (self.traced if channel == wire.TRACE else self.left).extend(data)

    def run(self) -> None:
        """Make what the exercise makes, and execute the program on it."""
        self.writer.write(
            trace.Header(
                version=trace.VERSION,
                torch=torch.__version__,
                threads=torch.get_num_threads(),
                entry=self.job["entry"],
            )
        )
        try:
            arguments = self._prepare()
            self.first = self.results.first() if self.results is not None else b""
            self.writer.write(trace.Started(seconds=0.0))
            try:
                self._machine(arguments)
                self._tell(arguments)
            except (Cannot, Contradiction, TooLong) as error:
                self.failure = error
            self._finish(None)
            if self.failure is None:
                self._answer()
        finally:
            if self.spies is not None:
                self.spies.remove()

    def _answer(self) -> None:
        """Ask a model of the file's own architecture about rows that no run has seen, where there are any."""
        if self.rows is not None and self.things is not None and self.results is not None:
            self.answered = answered(
                self.results, self.namespace, self.things, self._records, self.rows, self._until
            )

    def _tell(self, arguments: dict[str, Any]) -> None:
        """Record what the exercise's own pieces saw, where it has a `told`, as its `drive` does in a sandbox."""
        if (told := getattr(self._exercise, "told", None)) is not None:
            student = Student({}, self.recorder, self.job["name"])
            for case, value, notes in told(arguments):
                student.record(self.job["name"], value, case=case, notes=notes)

    def _machine(self, arguments: dict[str, Any]) -> None:
        recorder, spies = self.recorder, self.spies
        assert spies is not None
        assert isinstance(recorder, _Told)
        model = arguments.get("model")
        if not isinstance(model, torch.nn.Module):
            model = None
            if recorder.making is None:
                raise Cannot("the exercise hands no model in")
        functions = {name: item for name, item in arguments.items() if isinstance(item, types.FunctionType)}
        self.things = things = Things(
            spies, model, functions, traced=bool(self.job.get("traced")), careful=self.careful
        )
        things.indices = _indices(self._records)
        things.held_out = {
            spies.number_of(item)
            for name, item in arguments.items()
            if isinstance(item, DataLoader) and name.startswith(HELD_OUT_NAMES)
        }
        if (rates := getattr(self._exercise, "rates", None)) is not None:
            things.rates = rates(arguments)
        if recorder.making is not None:
            self._give(things)
        programs = [record for record in self._records if isinstance(record, trace.Program)]
        if not programs:
            raise Cannot("its steps are too many to be told")
        if len(programs) > 1:
            raise Contradiction("there is more than one program")
        if programs[0].truncated:
            raise Cannot("its steps are of too many kinds")
        scripts = {record.id: record.ops for record in self._records if isinstance(record, trace.Script)}

        def before(script: int, place: int) -> None:
            lines = self._lines.get(script, ())
            recorder.told = lines[place] if place < len(lines) else 0

        made = {
            "I": {record.id: record.line for record in self._records if isinstance(record, trace.Pass)},
            "M": {record.id: record.line for record in self._records if isinstance(record, trace.Loader)},
            "O": {record.id: record.line for record in self._records if isinstance(record, trace.Optimizer)},
        }

        def making(kind: str, number: int) -> None:
            recorder.told = made[kind].get(number, 0)

        program = programs[0]
        machine = Machine(things, scripts, program.numbers, program.constants, before, making, self._until)
        machine.cut = self.cut
        try:
            machine.run(program.items)
        finally:
            for graded in (record for record in self._records if isinstance(record, trace.Graded)):
                chosen = recorder.registry.module_at(graded.module)
                self.namespace["model"] = chosen  # where several were trained
            self.by_hand = machine.by_hand or brings_numbers(
                scripts.values(),
                given=[value for value in self.job["parameters"].values() if isinstance(value, (int, float))],
                rates_given=not machine.own_rates,
                many=self._elements() >= MANY,
            )
        if things.returned is not None and self.results is not None:
            self.results.returned(things.returned)

    def _elements(self) -> int:
        """How many parameters the graded module has."""
        if not self.own or self.results is None:
            return sum(math.prod(shape) for shape in self.job["shapes"])
        module, _, _ = self.results.choose(self.namespace)
        return 0 if module is None else sum(item.numel() for item in module.parameters())

    def _give(self, things: Things) -> None:
        """What a script is told to have made, and what the exercise's own data sets are."""
        exercise: Any = self._exercise
        things.initial = {
            record.id: functools.partial(first_value, record)
            for record in self._records
            if isinstance(record, trace.Initial)
        }
        things.bodies = {record.id: record for record in self._records if isinstance(record, trace.Body)}
        if hasattr(exercise, "dataset"):
            data = self.given / "data"
            named = exercise.tensors(data)
            things.sources = [tensor for tensors in named.values() for tensor in tensors]
            names = [name for name, tensors in named.items() for _ in tensors]
            things.held_out_sources = {place for place, name in enumerate(names) if name == HELD_OUT}
            things.datasets = functools.partial(exercise.dataset, data)


def _indices(records: Sequence[trace.Record]) -> Iterator[int]:
    for record in records:
        if isinstance(record, trace.Indices):
            try:
                yield from array("i", base64.b64decode(record.data, validate=True))
            except ValueError:
                raise Contradiction("indices that are none") from None


def _lines_of(records: Sequence[trace.Record]) -> Iterator[tuple[int, list[int]]]:
    """For each script the claimed lines of its beats: those of the pattern with the same beats."""
    lines: dict[str, list[int]] = {}
    for record in records:
        if isinstance(record, trace.Pattern):
            known = lines.setdefault(record.beats, record.lines)
            if len(known) == len(record.lines):
                lines[record.beats] = [new or old for new, old in zip(record.lines, known, strict=True)]
    for record in records:
        if isinstance(record, trace.Script):
            yield record.id, lines.get(beats_of(record.ops), [])


def beats_of(ops: Sequence[Any]) -> str:
    """The beats of a script's operations, as a pattern has them."""
    beats = ""
    for op in ops:
        if isinstance(op, list) and op and isinstance(op[0], str) and op[0] not in SILENT:
            if op[0] == "S" and len(op) > 2 and isinstance(op[2], list):
                beats += beats_of(op[2])
            beats += str(op[1])[:1] if op[0] == "?" and len(op) > 1 else op[0]
    return beats


def replay(
    *,
    model: bytes,
    files: Mapping[str, bytes],
    job: Mapping[str, Any],
    records: Sequence[trace.Record],
    weights: bytes,
    seconds: float,
    looks: int = 20,
    careful: bool = False,
    cut: bool = False,
    unseen: Rows | None = None,
) -> Replayed:
    """Execute the program that `records` claim, at most `seconds`, and compare its hashes and `weights`.

    `looks` seeds when the ledger looks; `careful` leaves out steps whose gradients overflow, as on other data 16 bits
    may at another step; `cut` lets no gradient pass what a forward gave.  `model` is the exercise's model.py, `files`
    its training files, `job` what the sandbox was given: entry, seeds, parameters and shapes.  `unseen` are raw rows
    (n, width) that a model of the file's own architecture is asked about in the end.
    """
    warm()
    started = time.monotonic()
    vision.prepare()
    before = torch.get_rng_state()
    with tempfile.TemporaryDirectory(prefix="replay-") as name:
        folder = Path(name)
        data = folder / "exercise" / "data"
        data.mkdir(parents=True)
        (folder / "exercise" / "model.py").write_bytes(model)
        for path, content in files.items():
            (data / path).parent.mkdir(parents=True, exist_ok=True)
            (data / path).write_bytes(content)
        again = _Again(
            {**job, "filename": "loop.py", "spies": True, "program": False},
            folder,
            records,
            started + seconds,
        )
        again.recorder.random.seed(looks)
        again.careful, again.cut, again.rows = careful, cut, unseen
        try:
            again.run()
        finally:
            torch.set_rng_state(before)
    seen = [trace.decode(line) for line in bytes(again.traced).splitlines() if HASH in line]
    differs = _first_difference(records, seen)
    status, reason = "equal", ""
    if isinstance(again.failure, Cannot):
        status, reason = "unknown", str(again.failure)
    elif isinstance(again.failure, TooLong):
        status, reason = "too-long", str(again.failure)
    elif again.failure is not None:
        status, reason = "contradiction", str(again.failure)
    elif differs is not None:
        status, reason = "different", f"the parameters differ after {differs} steps"
    elif bytes(again.left) != weights:
        status, reason = "different", "the weights that were handed back are others"
    return Replayed(
        status=status,
        reason=reason,
        steps=again.recorder.steps,
        differs=differs,
        trace=bytes(again.traced),
        weights=bytes(again.left),
        seconds=time.monotonic() - started,
        by_hand=again.by_hand,
        first=again.first,
        answered=again.answered,
    )


def _first_difference(claimed: Sequence[trace.Record], own: Sequence[trace.Record]) -> int | None:
    """The number of steps after which the first two hashes differ; None where all agree."""
    told, found = (
        [(record.step, record.sha256) for record in records if isinstance(record, trace.Hash)]
        for records in (claimed, own)
    )
    for one, other in zip(told, found, strict=False):
        if one != other:
            return int(min(one[0], other[0]))
    return None if len(told) == len(found) else min(len(told), len(found))
