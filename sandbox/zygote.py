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
    {"op": "run", …, "asks": true, "keep": bool, "given": [name, …], "place": name}
        it may also ask the grader; with `keep` the files that it leaves are sent back but for those `given`, and
        `place` ("": any) names its private folder
"""

from __future__ import annotations

import contextlib
import gc
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
from sandbox.housekeeping import end_all, leaving_nothing, oom_kills
from sandbox.keeping import keep
from sandbox.relay import READ, Relay, report_exceeded
from sandbox.sweep import sweep

PRELOAD = ("torchvision",)  # packages a job may ask for before it forks
SECOND = 1_000_000_000
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
        while got := wire.read_frame(self._source, frozenset((wire.JOB, wire.TELL, wire.KILL))):
            channel, payload = got
            if channel != wire.JOB:
                continue  # an answer that came after the child had ended
            told = json.loads(payload)
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
        folder = self._scratch / f"run-{told.get('place') or os.urandom(8).hex()}"
        report, report_end = os.pipe()
        output, output_end = os.pipe()
        answers, tell = os.pipe() if told.get("asks") else (None, None)
        kills = oom_kills()
        child = os.fork()
        if child == 0:
            os.close(report)
            os.close(output)
            self._become(folder, uid, report_end, output_end, answers)
        close(report_end, output_end, answers)
        relay = Relay(self._source, self._sink, report, output, tell, told, self._buffer)
        status = relay.until_exit(child)
        processes, ended = end_all(uid)
        relay.drain()
        close(report, output, tell)
        remains = keep(folder, uid, set(told["given"]), self._sink) if told.get("keep") else ""
        ending = {
            "status": os.waitstatus_to_exitcode(status),
            "output_bytes": relay.output_bytes,
            "output_exceeded": relay.output_exceeded,
            "protocol_error": report_exceeded(relay.report_bytes),
            "remains": remains,
            "oom": oom_kills() > kills,
            "seconds": time.monotonic() - started,
        }
        self._say(wire.EXIT, ending)
        self._buffer[:] = bytes(len(self._buffer))
        self._say(wire.READY, sweep(folder, uid, told["files"], processes, ended).as_json())

    def _become(self, folder: Path, uid: int | None, report: int, output: int, answers: int | None) -> None:
        """In the child: never returns."""
        status = 1
        try:
            job, files = read_job(self._source)
            report = arrange_descriptors(report, output, answers)
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


def close(*descriptors: int | None) -> None:
    """Close those that are there."""
    for descriptor in descriptors:
        if descriptor is not None:
            os.close(descriptor)


def arrange_descriptors(report: int, output: int, answers: int | None) -> int:
    """Stdin from nowhere, stdout and stderr to `output`, the report at 3, answers at 4 if any, and nothing else."""
    report = os.dup2(report, 200)
    answers = os.dup2(answers, 201) if answers is not None else None
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(report, 3)
    if answers is not None:
        os.dup2(answers, ANSWERS)
    os.closerange(4 if answers is None else ANSWERS + 1, 1024)
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
