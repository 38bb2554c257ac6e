"""Driving a role over its endpoint: wait until it is ready, hand it a job, keep the deadline, collect what comes.

Nothing that arrives is parsed here beyond frames and our own zygote's JSON objects.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from grader.errors import ExaminerError, LaunchError, SandboxBroken
from grader.launch.base import Endpoint, Job, Limits, Outcome
from sandbox import trace, wire

READY_SECONDS = 120.0  # a cold import of torch on a busy machine
GRACE_SECONDS = 2.0  # beyond the deadline: the child's own alarm rings before it
MAX_RETURNED = 256 << 20  # bytes of files an examiner may send

ANSWER_SECONDS = 10.0
"""Seconds for an answer: who does nothing gives one at once, who sweeps a full scratch in a second or two."""

ALLOWED = frozenset((wire.READY, wire.REPORT, wire.OUTPUT, wire.EXIT, wire.FILE))
REPORTED = {wire.TRACE: trace.MAX_TRACE, wire.WEIGHTS: wire.MAX_WEIGHTS}
Answer = Callable[[bytes], bytes | None]
"""From a child's question to the answer; None ends the child."""


class Line:
    """Frames over an endpoint, read against a deadline."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._reader = wire.FrameReader(ALLOWED)
        self._waiting: list[tuple[bytes, bytes]] = []
        self.ready: dict[str, Any] = {}
        self._owed = 0  # frames R that are still to come
        self.cleared = True  # whether all that the last job left could be cleared away

    def frames(self, until: float) -> Iterator[tuple[bytes, bytes] | None]:
        """Frames as they come; None once `until` (time.monotonic) has passed.  Raises SandboxBroken at the end."""
        while True:
            while self._waiting:
                yield self._waiting.pop(0)
            left = until - time.monotonic()
            if left <= 0:
                yield None
                return
            self._take(self.endpoint.receive(min(left, 0.5)))

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Until the role has said that it is ready; once is enough.  Raises SandboxBroken."""
        if self.ready:
            return
        for item in self.frames(time.monotonic() + seconds):
            if item is None:
                raise SandboxBroken(
                    _sentence(f"The sandbox was not ready within {seconds:.0f} s", self.endpoint)
                )
            channel, payload = item
            if channel == wire.READY:
                self.ready = _object(payload)
                return

    def sweeping(self) -> None:
        """A job has ended: once it has swept, the zygote says that it is ready again."""
        self._owed += 1

    def fit(self, seconds: float = ANSWER_SECONDS) -> bool:
        """Whether it can serve: it is still starting, or it answers and its last job left nothing."""
        try:
            if not self._look():
                return True
            self.send({}, {"op": "ping"})
            self._owed += 1
            return self.settled(seconds)
        except (SandboxBroken, wire.WireError):
            return False

    def _look(self) -> bool:
        """Whether it has said that it is ready, without waiting for it.  Raises SandboxBroken when it has ended."""
        if not self.ready:
            self._take(self.endpoint.receive(0.0))
            if self._waiting and self._waiting[0][0] == wire.READY:
                self.ready = _object(self._waiting.pop(0)[1])
        return bool(self.ready)

    def _take(self, data: bytes | None) -> None:
        """Cut what was received into frames.  Raises SandboxBroken at the end of the stream."""
        if data == b"":
            raise SandboxBroken(_sentence("The sandbox ended before it answered", self.endpoint))
        if data:
            try:
                self._waiting += self._reader.feed(data)
            except wire.WireError as error:
                raise SandboxBroken(f"The sandbox broke the protocol: {error}.") from error

    def settled(self, seconds: float = ANSWER_SECONDS) -> bool:
        """Wait for what is owed; whether it came in time, and nothing was left.  Raises SandboxBroken."""
        if not self._owed:
            return True
        clean = True
        for item in self.frames(time.monotonic() + seconds):
            if item is None:
                return False
            channel, payload = item
            if channel != wire.READY:
                return False
            self._owed -= 1
            left = _object(payload)
            self.cleared = bool(left.pop("clean", True))
            clean = clean and self.cleared and not any(left.values())
            if not self._owed:
                return clean
        return False

    def send(self, files: dict[str, bytes], request: dict[str, object]) -> None:
        """Files, then the request they belong to."""
        for name, content in files.items():
            for piece in wire.file_frames(name, content):
                self.endpoint.send(piece)
        self.endpoint.send(wire.frame(wire.JOB, json.dumps(request).encode()))


def run_job(line: Line, job: Job, limits: Limits, answer: Answer | None = None) -> Outcome:
    """Run one job in a zygote; past the deadline everything in it is killed (`timed_out`).

    The clock starts when the zygote is ready.  With `answer` the child may ask, and is killed where that gives None.
    Raises SandboxBroken when the sandbox itself fails.
    """
    line.wait_ready()
    line.settled()
    fields: dict[str, object] = {
        "deadline": limits.deadline,
        "memory": limits.memory,
        "processes": limits.processes,
        "output": limits.output,
        "output_kept": limits.output_kept,
        "threads": limits.threads,
        "scratch": limits.scratch,
    }
    started = time.monotonic()
    asks = answer is not None
    told = {"files": list(job.files), "output": limits.output, "output_kept": limits.output_kept}
    line.send({}, {"op": "run", **told, **(_leg(job) if asks else {})})
    line.send(job.files, fields | job.fields | {"asks": asks})
    got = _Reported(asks=asks)
    for item in line.frames(started + limits.deadline + GRACE_SECONDS):
        if item is None:
            line.endpoint.kill()
            return _outcome(got, None, time.monotonic() - started, limits)
        channel, payload = item
        if channel == wire.REPORT:
            for question in got.feed(payload):
                told_back = answer(question) if answer is not None else None
                line.endpoint.send(
                    wire.frame(wire.KILL) if told_back is None else wire.frame(wire.TELL, told_back)
                )
        elif channel == wire.OUTPUT:
            got.output += payload
        elif channel == wire.FILE:
            got.keep(payload)
        elif channel == wire.EXIT:
            line.sweeping()
            return _outcome(got, _object(payload), time.monotonic() - started, limits)
    raise LaunchError("The sandbox's stream ended without an answer.")


def _leg(job: Job) -> dict[str, object]:
    """What a zygote is told of a job that may ask, and whose files may be kept."""
    given = [job.fields["filename"], "exercise"]
    return {
        "asks": True,
        "keep": job.fields.get("keep", False),
        "given": given,
        "place": job.fields.get("place", ""),
    }


class _Reported:
    """What has arrived of one job, and why no more of its report is read ("" while it is)."""

    def __init__(self, *, asks: bool) -> None:
        self._most = REPORTED | ({wire.ASK: wire.MAX_ASKED} if asks else {})
        self._reader = wire.FrameReader(frozenset(self._most))
        self._size = dict.fromkeys(self._most, 0)
        self.kept = {channel: bytearray() for channel in REPORTED}
        self.output = bytearray()
        self.files: dict[str, bytearray] = {}
        self.broken = ""

    def feed(self, data: bytes) -> list[bytes]:
        """Take in a piece of the child's report, and give its questions; whole frames count, up to the first bad."""
        questions: list[bytes] = []
        if self.broken:
            return questions
        try:
            frames = self._reader.feed(data)
        except wire.WireError as error:
            self.broken = str(error)
            return questions
        for channel, payload in frames:
            self._size[channel] += len(payload)
            if self._size[channel] > self._most[channel]:
                self.broken = f"more than allowed on channel {channel!r}"
                return questions
            if channel == wire.ASK:
                questions.append(payload)
            else:
                self.kept[channel] += payload
        if self._reader.error is not None:
            self.broken = str(self._reader.error)
        return questions

    def keep(self, payload: bytes) -> None:
        """Take in a piece of a file that the run left.  Raises SandboxBroken where its name leads elsewhere."""
        try:
            name, content = wire.split_file(payload)
        except wire.WireError as error:
            raise SandboxBroken(f"The sandbox broke the protocol: {error}.") from error
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise SandboxBroken("The sandbox sent a file from outside its folder.")
        self.files.setdefault(name, bytearray()).extend(content)


def _outcome(got: _Reported, ending: dict[str, Any] | None, seconds: float, limits: Limits) -> Outcome:
    """What was received, with the zygote's account of the end (None: the deadline passed)."""
    status = ending["status"] if ending else None
    alarm = status == wire.TIMED_OUT and seconds > limits.deadline - max(0.5, limits.deadline * 0.1)
    return Outcome(
        trace=bytes(got.kept[wire.TRACE]),
        weights=bytes(got.kept[wire.WEIGHTS]),
        output=bytes(got.output),
        files={name: bytes(content) for name, content in got.files.items()},
        output_bytes=ending["output_bytes"] if ending else len(got.output),
        exit_code=status if status is not None and status >= 0 else None,
        signal=-status if status is not None and status < 0 else None,
        out_of_memory=bool(ending and ending["oom"]),
        output_exceeded=bool(ending and ending["output_exceeded"]),
        timed_out=ending is None or alarm,
        broken=got.broken or str(ending["protocol_error"] if ending else ""),
        remains=str(ending.get("remains", "")) if ending else "it was ended from outside",
        seconds=seconds,
    )


def ask_examiner(
    line: Line,
    files: dict[str, bytes],
    request: dict[str, object],
    seconds: float,
    progress: Callable[[], None] | None = None,
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Send a request to an examiner; its files and its answer.  Raises ExaminerError when it fails or hangs."""
    try:
        line.wait_ready()
        line.send(files, request)
        got: dict[str, bytearray] = {}
        total = 0
        for item in line.frames(time.monotonic() + seconds):
            if item is None:
                raise ExaminerError(f"The examiner did not answer within {seconds:.0f} s.")
            channel, payload = item
            if channel == wire.FILE:
                name, content = wire.split_file(payload)
                total += len(content)
                if total > MAX_RETURNED:
                    raise ExaminerError("The examiner sent more than it may.")
                got.setdefault(name, bytearray()).extend(content)
            elif channel == wire.EXIT:
                answer = _object(payload)
                if error := answer.get("error"):
                    raise ExaminerError(f"The examiner failed: {error}")
                return {name: bytes(content) for name, content in got.items()}, answer
    except (SandboxBroken, wire.WireError) as error:
        raise ExaminerError(str(error).replace("sandbox", "examiner")) from error
    raise ExaminerError("The examiner's stream ended without an answer.")


def _object(payload: bytes) -> dict[str, Any]:
    try:
        value = json.loads(payload)
    except ValueError as error:
        raise SandboxBroken("The sandbox sent something that is not JSON.") from error
    if not isinstance(value, dict):
        raise SandboxBroken("The sandbox sent something that is not an object.")
    return value


def _sentence(what: str, endpoint: Endpoint) -> str:
    said = endpoint.explain().splitlines()
    return f"{what}: {said[-1]}" if said else f"{what}."
