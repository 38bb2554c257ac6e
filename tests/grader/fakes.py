"""Endpoints and a launcher that play a script: what a role would send, without a process."""

import json
import time

from sandbox import trace, wire

READY = wire.frame(wire.READY, b'{"python": "3.11.7"}')


class Scripted:
    """An endpoint that sends its pieces in order, then ends (or says nothing more, if it `hangs`)."""

    def __init__(self, *pieces, hangs=False, said=""):
        self._pieces = [piece for piece in pieces if piece]
        self._hangs = hangs
        self._said = said
        self.sent = b""
        self.killed = self.closed = 0

    def send(self, data):
        self.sent += data

    def receive(self, timeout):
        if self._pieces and not self.killed:
            return self._pieces.pop(0)
        if self._hangs and not self.killed:
            time.sleep(min(timeout, 0.02))
            return None
        return b""

    def kill(self):
        self.killed += 1

    def close(self):
        self.closed += 1

    def explain(self):
        return self._said

    @property
    def requests(self):
        """The requests it was sent, in order."""
        return [
            json.loads(load) for channel, load in wire.FrameReader().feed(self.sent) if channel == wire.JOB
        ]

    @property
    def files(self):
        """All files it was sent."""
        files = {}
        for channel, payload in wire.FrameReader().feed(self.sent):
            if channel == wire.FILE:
                name, content = wire.split_file(payload)
                files[name] = files.get(name, b"") + content
        return files


class FakeLauncher:
    """Hands out prepared endpoints by role; one more start than prepared is a failure of the test."""

    name = "local"
    ground = "torch 2.13.0"

    def __init__(self, *, sandbox=(), examiner=(), isolated=False):
        self.isolated = isolated
        self.waiting = {"sandbox": list(sandbox), "examiner": list(examiner)}
        self.started = []
        self.closed = 0

    def start(self, role, limits):
        endpoint = self.waiting[role].pop(0)
        self.started.append(endpoint)
        return endpoint

    def close(self):
        self.closed += 1


def answer(fields, **files):
    """An examiner's answer: files (with `__` for a slash), then an object."""
    pieces = [
        piece
        for name, content in files.items()
        for piece in wire.file_frames(
            name.replace("__", "/").replace("_npy", ".npy").replace("_jsonl", ".jsonl"), content
        )
    ]
    return b"".join(pieces) + wire.frame(wire.EXIT, json.dumps(fields).encode())


def examiner(*answers, **how):
    """An examiner that is ready and gives these answers."""
    return Scripted(READY, *answers, **how)


def replayed(*records, status="equal", reason="", steps=24):
    """An examiner's answer to a replay, with the replay's own records."""
    data = b"".join(trace.encode(record) for record in records)
    fields = {"status": status, "reason": reason, "steps": steps, "differs": None, "seconds": 0.1}
    return answer(fields, trace_jsonl=data)


def run_end(status=0, **changes):
    """A zygote's account of a job's end."""
    fields = {
        "status": status,
        "output_bytes": 0,
        "output_exceeded": False,
        "oom": False,
        "protocol_error": "",
    }
    return wire.frame(wire.EXIT, json.dumps({**fields, **changes}).encode())


HEADER = trace.Header(version=trace.VERSION, torch="2.13.0", threads=1, entry="function")
STARTED = trace.Started(seconds=0.1)


def graded(**changes):
    """The record of a graded module of linreg-torch."""
    fields = {
        "module": 0,
        "names": ["weight", "bias"],
        "shapes": [[1, 1], [1]],
        "dtypes": ["float32", "float32"],
        "scale": 1.0,
        "shift": 0.0,
        "residual": 0.0,
        "form": "",
        "reason": "",
    }
    return trace.Graded(**{**fields, **changes})


def reported(channel, content):
    """A frame of a child's report, as a zygote passes it on."""
    return wire.frame(wire.REPORT, wire.frame(channel, content))


def zygote(*records, weights=b"", output=b"", ending=None, raw=None, **how):
    """A zygote that is ready, runs one job and sends these records."""
    data = b"".join(trace.encode(record) for record in records) if raw is None else raw
    pieces = [READY]
    if output:
        pieces.append(wire.frame(wire.OUTPUT, output))
    for channel, content in ((wire.TRACE, data), (wire.WEIGHTS, weights)):
        if content:
            pieces.append(reported(channel, content))
    return Scripted(*pieces, run_end() if ending is None else ending, **how)
