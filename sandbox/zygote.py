"""The zygote: a warm process that has imported torch, and forks one child for every job.

    python -m sandbox.zygote        frames in on stdin, frames out on stdout (see sandbox.wire)

It reads files and one job, forks, relays the child's report and output within bounds, waits, kills
whatever the child left running, and says how it ended.  METRONOME_SCRATCH names the folder that private
folders go into.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from sandbox import limits, trace, wire
from sandbox.housekeeping import end_all, leaving_nothing, oom_kills, sweep

PRELOAD = ("torchvision",)  # packages a job may ask for before it forks
READ = 1 << 16
MAX_WEIGHTS = 256 << 20
FIRST_UID, LAST_UID = 20_000, 60_000  # inside what user-namespaced engines map


class Zygote:
    """Serves jobs from one pair of descriptors."""

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self._reader = wire.FrameReader(frozenset((wire.FILE, wire.JOB)))
        self._files: dict[str, bytearray] = {}
        self._scratch = Path(os.environ.get("METRONOME_SCRATCH") or tempfile.gettempdir())
        self._uids = limits.can_change_uid()
        if self._uids:
            self._scratch.chmod(0o1777)  # container engines lose a tmpfs's mode; children make folders in it
        self._uid = random.SystemRandom().randrange(FIRST_UID, LAST_UID)

    def serve(self) -> None:
        """Until the other side closes the stream."""
        self._ready()
        while data := os.read(self._source, 1 << 20):
            for channel, payload in self._reader.feed(data):
                if channel == wire.FILE:
                    name, content = wire.split_file(payload)
                    self._files.setdefault(name, bytearray()).extend(content)
                    continue
                job, files = json.loads(payload), self._files
                self._files = {}
                if job.get("op") == "preload":
                    preload(job["packages"])
                else:
                    self._run(job, files)

    def _ready(self) -> None:
        import torch

        facts = {"torch": torch.__version__, "python": sys.version.split()[0], "own_uid": self._uids}
        wire.write_all(self._sink, wire.frame(wire.READY, json.dumps(facts).encode()))

    def _run(self, job: dict[str, Any], files: dict[str, bytearray]) -> None:
        """One job, from fork to the X frame."""
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
            self._become(job, files, folder, uid, report_end, output_end)
        os.close(report_end)
        os.close(output_end)
        relay = Relay(self._source, self._sink, report, output, job)
        status = relay.until_exit(child)
        end_all(uid)
        relay.drain()
        os.close(report)
        os.close(output)
        sweep(folder, uid)
        ending = {
            "status": os.waitstatus_to_exitcode(status),
            "output_bytes": relay.output_bytes,
            "output_exceeded": relay.output_exceeded,
            "protocol_error": relay.protocol_error,
            "oom": oom_kills() > kills,
            "seconds": time.monotonic() - started,
        }
        wire.write_all(self._sink, wire.frame(wire.EXIT, json.dumps(ending).encode()))

    def _become(
        self,
        job: dict[str, Any],
        files: dict[str, bytearray],
        folder: Path,
        uid: int | None,
        report: int,
        output: int,
    ) -> None:
        """In the child: never returns."""
        status = 1
        try:
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
    """Passes on what a child writes, within bounds, without looking inside."""

    def __init__(self, source: int, sink: int, report: int, output: int, job: dict[str, Any]) -> None:
        self._source, self._sink, self._report, self._output = source, sink, report, output
        self._limit, self._kept = job["output"], job["output_kept"]
        self._frames = wire.FrameReader(frozenset((wire.TRACE, wire.WEIGHTS)))
        self._left = {wire.TRACE: trace.MAX_TRACE, wire.WEIGHTS: MAX_WEIGHTS}
        self.output_bytes = 0
        self.output_exceeded = False
        self.protocol_error = ""

    def until_exit(self, child: int) -> int:
        """Relay until the child has ended; its wait status.  Too much output ends it, and so does our orphanhood."""
        while True:
            self._turn(0.02)
            if self._source_closed():
                os.kill(child, signal.SIGKILL)
            if self.output_bytes > self._limit and not self.output_exceeded:
                self.output_exceeded = True
                os.kill(child, signal.SIGKILL)
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return status

    def _source_closed(self) -> bool:
        """Whether the grader has gone: nobody is left to keep the deadline."""
        poll = select.poll()
        poll.register(self._source, select.POLLHUP)
        return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))

    def drain(self) -> None:
        """What is still in the pipes once everything that could write to them is gone."""
        while self._turn(0.0):
            pass

    def _turn(self, timeout: float) -> bool:
        """Wait for either pipe, relay one read of each; whether there was anything."""
        ready, _, _ = select.select([self._report, self._output], [], [], timeout)
        moved = False
        for descriptor in ready:
            data = os.read(descriptor, READ)
            moved = moved or bool(data)
            if descriptor == self._output:
                self._printed(data)
            else:
                self._reported(data)
        if ready and not moved:
            time.sleep(0.002)  # both ends closed, the child not yet gone
        return moved

    def _printed(self, data: bytes) -> None:
        kept = data[: max(0, self._kept - self.output_bytes)]
        self.output_bytes += len(data)
        if kept:
            wire.write_all(self._sink, wire.frame(wire.OUTPUT, kept))

    def _reported(self, data: bytes) -> None:
        if self.protocol_error:
            return
        try:
            frames = self._frames.feed(data)
        except wire.WireError as error:
            self.protocol_error = str(error)
            return
        for channel, payload in frames:
            self._left[channel] -= len(payload)
            if self._left[channel] < 0:
                self.protocol_error = f"more than allowed on channel {channel!r}"
                return
            wire.write_all(self._sink, wire.frame(channel, payload))
        if self._frames.error is not None:
            self.protocol_error = str(self._frames.error)


def preload(packages: list[str]) -> None:
    """Import packages before any fork, so that every child finds them imported."""
    for package in packages:
        if package in PRELOAD:
            from sandbox import vision

            vision.prepare()
            __import__(f"{package}.transforms")
            __import__(f"{package}.datasets")


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
