"""The child: seeds, installs the spies, runs the student's file, and writes what was seen.

The job is a dict:

    entry        "script" (the file runs as __main__) or "function" (`name` in it is called)
    name         the function's name, and `defines` all that the file must define
    filename     what the file is called in the private folder
    seeds        {"init", "order", "dropout"}: 63-bit integers
    parameters   the exercise's numbers, handed to model.make
    shapes       of the graded module's state, in order
    own          bounds of a model whose architecture is the file's own (inputs, outputs, parameters), or null
    program      false does not tell each step's operations, where nobody will execute them again
    traced       true tells every operation of torch that the file calls
    spies        false runs the same thing unwatched (tests compare the two)
    asks         true runs a leg of a training that is killed and resumed: model.leg, which may ask the grader
    cut          bytes (0: as many as the limits say) beyond which a file may not grow, in such a leg
    deadline     seconds; the alarm rings a little before, so that evidence is kept

Beside the student's file the folder holds exercise/model.py (trusted) and exercise/data/, and in a run that is to
answer them exercise/inputs: rows that no run has seen, without labels, as 32-bit floats.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import signal
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sandbox import limits, results, trace, wire
from sandbox.asking import asker
from sandbox.inputs import Rows
from sandbox.presenting import present
from sandbox.spies import Spies, install
from sandbox.spies.making import Making
from sandbox.spies.recorder import Recorder
from sandbox.spies.silent import SilentScript
from sandbox.spies.sources import SourceSpy
from sandbox.spies.tracing import Tracer
from sandbox.student import BadSignatureError, Student

MESSAGE = 2000  # characters of an exception's text that are kept
ASIDE = 2  # times as many numbers as a model may have are first values that do not go into the trace


class Child:
    """One run.  `report` is the descriptor that frames T and W go to."""

    recorder_class = Recorder

    def __init__(self, job: dict[str, Any], folder: Path, report: int) -> None:
        self.job = job
        self.folder = folder
        self.path = folder / job["filename"]
        self.given = folder / "exercise"
        self.own: dict[str, int] = job.get("own") or {}
        self.unseen: Rows | None = None
        self._report = report
        self.writer = trace.Writer(lambda data: self._send(wire.TRACE, data))
        self.recorder = self.recorder_class(self.writer, str(self.path))
        if not job.get("program", True):
            self.recorder.script = SilentScript(self.recorder)
        self.spies: Spies | None = None
        self.results: results.Results | None = None
        self.namespace: dict[str, Any] = {}
        self._given: Any = None
        self._exercise: types.ModuleType | None = None

    def _send(self, channel: bytes, data: bytes) -> None:
        """Send frames, whole: the alarm must not cut one in two."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        try:
            for start in range(0, len(data), wire.MAX_FRAME):
                wire.write_all(self._report, wire.frame(channel, data[start : start + wire.MAX_FRAME]))
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})

    def run(self) -> None:
        """Everything, from the header to the weights."""
        job = self.job
        self.writer.write(
            trace.Header(
                version=trace.VERSION,
                torch=torch.__version__,
                threads=torch.get_num_threads(),
                entry=job["entry"],
            )
        )
        self.writer.flush()
        arguments = self._prepare()
        self.writer.write(trace.Started(seconds=time.monotonic() - self.recorder.started))
        self.writer.flush()
        signal.signal(signal.SIGALRM, self._alarm)
        signal.setitimer(signal.ITIMER_REAL, max(job["deadline"] - max(0.25, job["deadline"] * 0.03), 0.05))
        stop = self._execute(arguments)
        if stop is None:
            self._present()
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._flush_output()
        self.writer.write(trace.Over(seconds=time.monotonic() - self.recorder.started), closing=True)
        self.writer.flush()
        self._finish(stop)

    def _prepare(self) -> dict[str, Any]:
        """Seed, put the spies in place, and build the arguments of the student's function."""
        job, seeds = self.job, self.job["seeds"]
        if (asked := self.given / "inputs").is_file():
            self.unseen = np.fromfile(asked, dtype=np.float32).reshape(-1, self.own["inputs"])
        self._exercise = model = _load(self.given / "model.py", "metronome_exercise")
        torch.manual_seed(seeds["init"])
        if job["spies"]:
            self.spies = install(self.recorder)
        arguments: dict[str, Any] = model.make(self.given / "data", seeds, job["parameters"])
        given = arguments.get("model")
        if self.spies is not None:
            self._watch(model, given if isinstance(given, torch.nn.Module) else None)
            self.spies.made(arguments)
            if hasattr(model, "observe"):
                self._observe(model.observe, arguments)
            if job["entry"] == "script" and (job["shapes"] or self.own):
                known, tensors = getattr(model, "known", _nothing), getattr(model, "tensors", _no_tensors)
                named = tensors(self.given / "data")
                given_data = [tensor for group in named.values() for tensor in group]
                room = ASIDE * self.own["parameters"] if self.own and self.unseen is None else 0
                self.spies.follow(Making(self.recorder, known, given_data, room))
        self.recorder.norms = "max_norm" in job["parameters"]
        self.recorder.registry.given = False
        self._given = given
        torch.manual_seed(seeds["dropout"])
        if self.spies is None:
            return arguments
        functions = {name: item for name, item in arguments.items() if isinstance(item, types.FunctionType)}
        return arguments | {name: self._asked(name, item) for name, item in functions.items()}

    def _asked(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that the exercise hands in, whose calls are told as one."""
        script, recorder = self.recorder.script, self.recorder

        @functools.wraps(function)
        def asked(*args: Any, **kwargs: Any) -> Any:
            recorder.steady.leave()
            started = len(script.ops), script.operands.stretch
            script.asking += 1
            try:
                result = function(*args, **kwargs)
            finally:
                script.asking -= 1
            if not recorder.elsewhere and not script.asking:
                recorder.shield(script.asked, name, (*args, *kwargs.values()), result, started)
            return result

        return asked

    def _watch(self, model: types.ModuleType, given: torch.nn.Module | None) -> None:
        assert self.spies is not None
        sources = None
        if hasattr(model, "sources"):
            sources = SourceSpy(self.recorder, model.sources(self.given / "data"), self.job["shapes"])
            self.spies.watchers.append(sources.watch)
        self.results = results.Results(self.recorder, self.job["shapes"], given, sources, self.own or None)
        self.spies.watchers.append(self.results.watch)

    def _observe(self, observe: Callable[[dict[str, Any]], dict[str, float]], given: dict[str, Any]) -> None:
        """Measure the given module whenever a pass over the held-out loader (`val_loader`) has ended."""
        assert self.spies is not None
        spies, module = self.spies, given["model"]

        def ended(loader: int) -> None:
            with self.recorder.unwatched(), torch.no_grad():
                values = observe(given)
            self.recorder.write(
                trace.Observed(
                    loader=loader, at_step=self.recorder.steps, values=values, sha256=results.digest(module)
                )
            )

        spies.when_exhausted(given["val_loader"], ended)

    # ── the student's code ───────────────────────────────────────────────────────────────────────

    def _execute(self, arguments: dict[str, Any]) -> trace.Stop | None:
        """Run the file (and call the function); what ended it early, or None."""
        script = self.job["entry"] == "script"
        name = "__main__" if script else self.path.stem
        module = types.ModuleType(name)
        module.__file__ = str(self.path)
        self.namespace = module.__dict__
        sys.modules[name] = module
        sys.path.insert(0, str(self.folder))
        sys.argv = [str(self.path)]
        try:
            try:
                code = compile(self.path.read_bytes(), str(self.path), "exec", dont_inherit=True)
            except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
                return _syntax(error)  # the parser gives up on absurd nesting with the last two
            with self._traced():
                exec(code, module.__dict__)  # noqa: S102 - the whole point
                if not script:
                    return self._call(module, arguments)
        except BaseException as error:  # noqa: BLE001 - whatever the student's code raises is its result
            return self._stop(error)
        return None

    def _traced(self) -> contextlib.AbstractContextManager[Any]:
        """What tells every operation of torch that the file calls, where the job asks for it."""
        if self.spies is None or not self.job.get("traced"):
            return contextlib.nullcontext()
        return Tracer(self.recorder)

    def _call(self, module: types.ModuleType, arguments: dict[str, Any]) -> trace.Stop | None:
        """Call the student's functions: as the exercise drives them, else the one with what it made."""
        student = Student(module.__dict__, self.recorder, self.job["name"])
        drive = getattr(self._exercise, "drive", None)
        try:
            student.require(self.job.get("defines") or [self.job["name"]])
            if self.job.get("asks"):
                if self.job["cut"]:
                    limits.cut_files(self.job["cut"])
                exercise: Any = self._exercise
                exercise.leg(student, arguments, asker(self._report))
            elif drive is not None:
                drive(student, arguments)
            else:
                value = student.call(self.job["name"], *arguments.values(), names=tuple(arguments))
                if self.results is not None:
                    self.results.handed_back(value)
        except BadSignatureError as error:
            return error.stop
        return None

    def _present(self) -> None:
        """Call the trained model once more, where it is of the file's own architecture."""
        if not self.own or self.results is None:
            return
        self.results.answers = present(self.recorder, self.results, self.namespace, self.unseen)

    def _stop(self, error: BaseException) -> trace.Stop | None:
        """What an exception means."""
        if isinstance(error, SystemExit) and self.job["entry"] == "script" and error.code in (0, None):
            return None
        frames = []
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == str(self.path):
                frames.append(traceback.tb_lineno)
            traceback = traceback.tb_next
        try:
            message = str(error)[:MESSAGE]
        except BaseException:  # noqa: BLE001 - a student's own __str__
            message = ""
        slug = "crashed"
        if isinstance(error, ImportError):
            slug = "import-error"
        elif isinstance(error, MemoryError) or "can't allocate memory" in message:
            slug = "memory-exceeded"
        return trace.Stop(slug=slug, type=type(error).__name__[:80], message=message, frames=frames[-8:])

    def _flush_output(self) -> None:
        """Send what the student's code printed; it may have closed or replaced its streams."""
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()

    # ── the end ──────────────────────────────────────────────────────────────────────────────────

    def _finish(self, stop: trace.Stop | None) -> None:
        if stop is not None:
            self.writer.write(stop, closing=True)
        weights, moved = b"", False
        if self.spies is not None:
            self.spies.remove()
            self.spies.close()
        if self.results is not None:
            weights, moved = self.results.finish(self.namespace)
        elif isinstance(self._given, torch.nn.Module):
            weights = results.to_safetensors(list(self._given.state_dict().values()))
        self.writer.write(self.recorder.end(finished=True, moved=moved), closing=True)
        self.writer.flush()
        if weights:
            self._send(wire.WEIGHTS, weights)

    def _alarm(self, *_: object) -> None:
        """The deadline is near: write what there is, and go."""
        try:
            if self.spies is not None:
                self.spies.remove()
                self.spies.close()
            self.writer.write(self.recorder.end(finished=False, moved=False), closing=True)
            self.writer.flush()
        finally:
            os._exit(wire.TIMED_OUT)


def _nothing(_: Any) -> None:
    """Stands for an exercise that brings no data set."""


def _no_tensors(_: Path) -> dict[str, list[torch.Tensor]]:
    """Stands for one that has no raw data."""
    return {}


def _syntax(error: Exception) -> trace.Stop:
    line = error.lineno if isinstance(error, SyntaxError) else None
    message = error.msg if isinstance(error, SyntaxError) else str(error) or "nested too deeply to be parsed"
    return trace.Stop(
        slug="syntax-error", type=type(error).__name__, message=str(message)[:MESSAGE], frames=[line or 1]
    )


def _load(path: Path, name: str) -> types.ModuleType:
    """Import one of our own files by its path."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
