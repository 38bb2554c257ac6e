"""The zygote: a warm process that has imported torch, and forks one child for every job.

    python -m sandbox.zygote        frames in on stdin, frames out on stdout (see sandbox.wire)

It is told to run a job, forks, relays the child's report and output within bounds, waits, kills whatever the
child left running, says how it ended, sweeps, and says that it is ready again, and what was left.
METRONOME_SCRATCH names the folder that private folders go into.

What later jobs are forks of must hold nothing of an earlier one.  So the child itself reads its job and files off
the zygote's stdin, and what it writes passes through one buffer, which is wiped.  Objects that the grader sends:

    {"op": "preload", "packages": [name, …]}
    {"op": "ping"}                                   answered by R
    {"op": "run", "files": [name, …], "output": bytes, "output_kept": bytes}
        the child then reads those files, and one more object: its job
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox import limits, trace, wire
from sandbox.housekeeping import end_all, leaving_nothing, oom_kills
from sandbox.sweep import sweep

PRELOAD = ("torchvision",)  # packages a job may ask for before it forks
READ = 1 << 16
TICK = 0.02  # seconds between looks at a child where the kernel does not tell of its end
MAX_REPORT = trace.MAX_TRACE + wire.MAX_WEIGHTS + (1 << 20)  # the last for the heads of frames
FIRST_UID, LAST_UID = 20_000, 60_000  # inside what user-namespaced engines map


class Zygote:
    """Serves jobs from one pair of descriptors."""

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self._scratch = Path(os.environ.get("METRONOME_SCRATCH") or tempfile.gettempdir())
        self._uids = limits.can_change_uid()
        if self._uids:
            self._scratch.chmod(0o1777)  # container engines lose a tmpfs's mode; children make folders in it
        self._uid = random.SystemRandom().randrange(FIRST_UID, LAST_UID)
        self._buffer = bytearray(wire.HEAD + READ)

    def serve(self) -> None:
        """Until the other side closes the stream."""
        import torch

        facts = {"torch": torch.__version__, "python": sys.version.split()[0], "own_uid": self._uids}
        self._say(wire.READY, facts)
        while got := wire.read_frame(self._source, frozenset((wire.JOB,))):
            told = json.loads(got[1])
            if told["op"] == "preload":
                preload(told["packages"])
            elif told["op"] == "ping":
                self._say(wire.READY, {})
            else:
                self._run(told)

    def _say(self, channel: bytes, fields: dict[str, Any]) -> None:
        wire.write_all(self._sink, wire.frame(channel, json.dumps(fields).encode()))

    def _run(self, told: dict[str, Any]) -> None:
        """One job, from fork to swept."""
        started = time.monotonic()
        self._uid = self._uid + 1 if self._uid < LAST_UID else FIRST_UID
        uid = self._uid if self._uids else None
        folder = self._scratch / f"run-{os.urandom(8).hex()}"
        report, report_end = os.pipe()
        output, output_end = os.pipe()
        kills = oom_kills()
        child = os.fork()
        if child == 0:
            os.close(report)
            os.close(output)
            self._become(folder, uid, report_end, output_end)
        os.close(report_end)
        os.close(output_end)
        relay = Relay(self._source, self._sink, report, output, told, self._buffer)
        status = relay.until_exit(child)
        processes, ended = end_all(uid)
        relay.drain()
        os.close(report)
        os.close(output)
        ending = {
            "status": os.waitstatus_to_exitcode(status),
            "output_bytes": relay.output_bytes,
            "output_exceeded": relay.output_exceeded,
            "protocol_error": "it reported more than it may" if relay.report_bytes > MAX_REPORT else "",
            "oom": oom_kills() > kills,
            "seconds": time.monotonic() - started,
        }
        self._say(wire.EXIT, ending)
        self._buffer[:] = bytes(len(self._buffer))
        self._say(wire.READY, sweep(folder, uid, told["files"], processes, ended).as_json())

    def _become(self, folder: Path, uid: int | None, report: int, output: int) -> None:
        """In the child: never returns."""
        status = 1
        try:
            job, files = read_job(self._source)
            report = arrange_descriptors(report, output)
            limits.apply(
                uid=uid,
                memory=job["memory"],
                processes=job["processes"],
                file_bytes=job["scratch"],
                cpu_seconds=int(job["deadline"] * max(1, job["threads"]) * 2) + 10,
            )
            lay_out(folder, files)
            from sandbox.child import Child

            Child(job, folder, report).run()
            status = 0
        except BaseException:  # noqa: BLE001 - our own failure: say it where the grader sees it, and go
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)


class Relay:
    """Passes on what a child writes, within bounds, without looking at it."""

    def __init__(
        self, source: int, sink: int, report: int, output: int, told: dict[str, Any], buffer: bytearray
    ) -> None:
        self._source, self._sink, self._report, self._output = source, sink, report, output
        self._limit, self._kept = told["output"], told["output_kept"]
        self._buffer = buffer
        self._poll = select.poll()
        for descriptor in (report, output):
            self._poll.register(descriptor, select.POLLIN)
        self.output_bytes = self.report_bytes = 0
        self.output_exceeded = False

    def until_exit(self, child: int) -> int:
        """Relay until the child has ended; its wait status.  Too much output ends it, and so does our orphanhood."""
        self._poll.register(self._source, 0)  # its end is told without being asked for
        with watched(child, self._poll) as told:
            while True:
                self._turn(None if told else TICK, child)
                if self.output_bytes > self._limit and not self.output_exceeded:
                    self.output_exceeded = True
                    os.kill(child, signal.SIGKILL)
                pid, status = os.waitpid(child, os.WNOHANG)
                if pid:
                    self._poll.unregister(self._source)
                    return status

    def drain(self) -> None:
        """What is still in the pipes once everything that could write to them is gone."""
        while self._turn(0.0):
            pass

    def _turn(self, seconds: float | None, child: int = 0) -> bool:
        """Wait for something to happen and relay one read of each pipe; whether there was anything."""
        moved = False
        for descriptor, event in self._poll.poll(None if seconds is None else seconds * 1000):
            if descriptor in (self._report, self._output):
                moved = self._relay(descriptor) or moved
            elif descriptor == self._source and event & (select.POLLHUP | select.POLLERR):
                os.kill(child, signal.SIGKILL)  # the grader has gone: nobody is left to keep the deadline
        return moved

    def _relay(self, descriptor: int) -> bool:
        """One read of a pipe; false at its end."""
        size = os.readv(descriptor, [memoryview(self._buffer)[wire.HEAD :]])
        if not size:
            self._poll.unregister(descriptor)
            return False
        if descriptor == self._report:
            self.report_bytes += size
            self._pass_on(wire.REPORT, size if self.report_bytes <= MAX_REPORT else 0)
        else:
            self._pass_on(wire.OUTPUT, min(size, max(0, self._kept - self.output_bytes)))
            self.output_bytes += size
        return True

    def _pass_on(self, channel: bytes, size: int) -> None:
        if size:
            wire.put_head(self._buffer, channel, size)
            wire.write_all(self._sink, memoryview(self._buffer)[: wire.HEAD + size])


@contextlib.contextmanager
def watched(child: int, poll: select.poll) -> Iterator[bool]:
    """Have `poll` tell when a child has ended; false where this kernel cannot."""
    try:
        descriptor = os.pidfd_open(child)
    except (AttributeError, OSError):
        yield False
        return
    poll.register(descriptor, select.POLLIN)
    try:
        yield True
    finally:
        poll.unregister(descriptor)
        os.close(descriptor)


def read_job(source: int) -> tuple[dict[str, Any], dict[str, bytearray]]:
    """In the child: its files and its job.  Raises WireError when the stream ends before."""
    reader = wire.FrameReader(frozenset((wire.FILE, wire.JOB)))
    files: dict[str, bytearray] = {}
    while data := os.read(source, 1 << 20):
        for channel, payload in reader.feed(data):
            if channel == wire.JOB:
                return json.loads(payload), files
            name, content = wire.split_file(payload)
            files.setdefault(name, bytearray()).extend(content)
    raise wire.WireError("the stream ended before the job")


def preload(packages: list[str]) -> None:
    """Import packages before any fork, so that every child finds them imported."""
    for package in packages:
        if package in PRELOAD:
            from sandbox import vision

            vision.prepare()
            __import__(f"{package}.transforms")
            __import__(f"{package}.datasets")
    settle_heap()


def warm_up() -> None:
    """Import all that a first training step would, without starting a thread or touching an accelerator."""
    import safetensors.torch
    import torch

    import sandbox.child  # noqa: F401

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    layer = torch.nn.Linear(1, 1)
    for kind in (torch.optim.SGD, torch.optim.Adam):
        optimizer = kind(layer.parameters(), lr=0.0)
        for parameter in layer.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
        optimizer.zero_grad()
    safetensors.torch.save({"0": torch.zeros(1)})
    settle_heap()


def settle_heap() -> None:
    """Collect garbage now, and have no child look at what is left: that would copy every page of it."""
    gc.collect()
    gc.freeze()


def arrange_descriptors(report: int, output: int) -> int:
    """Stdin from nowhere, stdout and stderr to `output`, the report at 3, and nothing else open."""
    report = os.dup2(report, 200)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(report, 3)
    os.closerange(4, 1024)
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 - they live as long as the process
    sys.stdout = open(1, "w", closefd=False, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    return 3


def lay_out(folder: Path, files: dict[str, bytearray]) -> None:
    """Write the job's files into the private folder, which becomes the working directory."""
    folder.mkdir(mode=0o700)
    os.chdir(folder)
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    os.environ["HOME"] = str(folder)
    tempfile.tempdir = str(folder)


def main() -> None:
    """Take over stdin and stdout for frames; anything printed by accident goes to stderr."""
    source, sink = os.dup(0), os.dup(1)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    limits.prctl(limits.PR_SET_CHILD_SUBREAPER, 1)
    with leaving_nothing():
        warm_up()
        Zygote(source, sink).serve()


if __name__ == "__main__":
    main()
