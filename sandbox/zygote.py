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
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from sandbox import limits, wire
from sandbox.asking import ANSWERS
from sandbox.housekeeping import clear_open, end_all, kept, leaving_nothing, oom_kills, remains, sweep
from sandbox.relay import Relay

PRELOAD = ("torchvision",)  # packages a job may ask for before it forks
SECOND = 1_000_000_000
FIRST_UID, LAST_UID = 20_000, 60_000  # inside what user-namespaced engines map


class Zygote:
    """Serves jobs from one pair of descriptors."""

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self._reader = wire.FrameReader(frozenset((wire.FILE, wire.JOB, wire.TELL, wire.KILL)))
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
                if channel != wire.JOB:
                    continue  # an answer that came after the child had ended
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
        folder = self._scratch / f"run-{job.get('place') or os.urandom(8).hex()}"
        report, report_end = os.pipe()
        output, output_end = os.pipe()
        told, tell = os.pipe() if job.get("asks") else (None, None)
        kills = oom_kills()
        child = os.fork()
        if child == 0:
            os.close(report)
            os.close(output)
            self._become(job, files, folder, uid, report_end, output_end, told)
        for descriptor in (report_end, output_end, told):
            if descriptor is not None:
                os.close(descriptor)
        relay = Relay(self._source, self._sink, self._reader, report, output, tell, job)
        status = relay.until_exit(child)
        end_all(uid)
        relay.drain()
        for descriptor in (report, output, tell):
            if descriptor is not None:
                os.close(descriptor)
        left = ""
        if job.get("keep"):
            frames, left = kept(folder, uid, {job["filename"], "exercise"})
            wire.write_all(self._sink, frames)
        sweep(folder, uid)
        clear_open(uid)
        ending = {
            "status": os.waitstatus_to_exitcode(status),
            "output_bytes": relay.output_bytes,
            "output_exceeded": relay.output_exceeded,
            "protocol_error": relay.protocol_error,
            "remains": left or remains(uid),
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
        told: int | None,
    ) -> None:
        """In the child: never returns."""
        status = 1
        try:
            report = arrange_descriptors(report, output, told)
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


def arrange_descriptors(report: int, output: int, told: int | None) -> int:
    """Stdin from nowhere, stdout and stderr to `output`, the report at 3, answers at 4 if any, and nothing else."""
    report = os.dup2(report, 200)
    told = os.dup2(told, 201) if told is not None else None
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(report, 3)
    if told is not None:
        os.dup2(told, ANSWERS)
    os.closerange(4 if told is None else ANSWERS + 1, 1024)
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 - they live as long as the process
    sys.stdout = open(1, "w", closefd=False, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False, encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    return 3


def lay_out(folder: Path, files: dict[str, bytearray]) -> None:
    """Write the job's files into the private folder, which becomes the working directory; the last is the newest."""
    folder.mkdir(mode=0o700)
    os.chdir(folder)
    first = time.time_ns() - len(files) * SECOND
    for number, (name, content) in enumerate(files.items()):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        os.utime(target, ns=(first + number * SECOND, first + number * SECOND))
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
