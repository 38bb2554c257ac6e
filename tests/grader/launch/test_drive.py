"""Driving a role: outcomes and answers from scripted endpoints, kind and hostile."""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import ExaminerError, SandboxBroken
from grader.launch import drive
from grader.launch.base import Job, Limits
from grader.launch.drive import Line, ask_examiner, run_job
from sandbox import trace, wire

LIMITS = Limits(deadline=5.0, memory=1 << 20)
READY = wire.frame(wire.READY, b'{"torch": "2"}')
ENDING = {
    "status": 0,
    "output_bytes": 7,
    "output_exceeded": False,
    "protocol_error": "",
    "oom": False,
    "seconds": 1.0,
}


@dataclass
class Scripted:
    """An endpoint that says what it was given, piece by piece; None is a silence, the end is the end."""

    pieces: deque[bytes | None]
    sent: bytearray = field(default_factory=bytearray)
    killed: bool = False
    silent_after: bool = False
    said: str = ""

    def send(self, data: bytes) -> None:
        self.sent += data

    def receive(self, timeout: float) -> bytes | None:
        if self.pieces:
            return self.pieces.popleft()
        if self.silent_after:
            time.sleep(min(timeout, 0.01))
            return None
        return b""

    def kill(self) -> None:
        self.killed = True

    def close(self) -> None:
        self.kill()

    def explain(self) -> str:
        return self.said


def exit_frame(**changes: object) -> bytes:
    return wire.frame(wire.EXIT, json.dumps(ENDING | changes).encode())


def reported(channel: bytes, content: bytes) -> bytes:
    """A frame of a child's report, as a zygote passes it on."""
    return wire.frame(wire.REPORT, wire.frame(channel, content))


def scripted(*pieces: bytes | None, silent_after: bool = False, said: str = "") -> Scripted:
    return Scripted(deque(pieces), silent_after=silent_after, said=said)


def job() -> Job:
    return Job(
        files={"loop.py": b"pass", "exercise/model.py": b""}, fields={"entry": "script", "deadline": 3.0}
    )


def test_a_job_is_its_files_then_one_object_with_limits_and_fields() -> None:
    endpoint = scripted(READY, exit_frame())
    run_job(Line(endpoint), job(), LIMITS)
    (_, told), *files, (channel, payload) = wire.FrameReader().feed(bytes(endpoint.sent))
    assert json.loads(told) == {
        "op": "run",
        "files": ["loop.py", "exercise/model.py"],
        "output": LIMITS.output,
        "output_kept": LIMITS.output_kept,
    }
    assert [wire.split_file(content) for _, content in files] == [
        ("loop.py", b"pass"),
        ("exercise/model.py", b""),
    ]
    assert channel == wire.JOB
    sent = json.loads(payload)
    assert (sent["memory"], sent["output"], sent["entry"]) == (1 << 20, 16 << 20, "script")
    assert sent["deadline"] == 3.0  # the job's own field wins


def test_what_arrives_is_collected_by_channel() -> None:
    frames = [
        reported(wire.TRACE, b"t1"),
        wire.frame(wire.OUTPUT, b"hello "),
        reported(wire.TRACE, b"t2"),
        reported(wire.WEIGHTS, b"w"),
        wire.frame(wire.OUTPUT, b"x"),
    ]
    outcome = run_job(Line(scripted(READY, *frames, exit_frame(oom=True))), job(), LIMITS)
    assert (outcome.trace, outcome.weights, outcome.output, outcome.output_bytes) == (
        b"t1t2",
        b"w",
        b"hello x",
        7,
    )
    assert (outcome.exit_code, outcome.signal, outcome.timed_out, outcome.broken) == (0, None, False, "")
    assert outcome.out_of_memory


@given(st.data())
def test_the_outcome_does_not_depend_on_how_the_bytes_are_cut(data: st.DataObject) -> None:
    stream = READY + reported(wire.TRACE, b"abc") + wire.frame(wire.OUTPUT, b"d") + exit_frame()
    cuts = [0, *sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8))), len(stream)]
    pieces = [stream[a:b] or None for a, b in pairwise(cuts)]
    outcome = run_job(Line(scripted(*pieces)), job(), LIMITS)
    assert (outcome.trace, outcome.output, outcome.exit_code) == (b"abc", b"d", 0)


@pytest.mark.parametrize(
    ("status", "code", "signal"), [(0, 0, None), (3, 3, None), (-9, None, 9), (-11, None, 11)]
)
def test_codes_and_signals_are_told_apart(status: int, code: int | None, signal: int | None) -> None:
    outcome = run_job(Line(scripted(READY, exit_frame(status=status))), job(), LIMITS)
    assert (outcome.exit_code, outcome.signal, outcome.timed_out) == (code, signal, False)


def test_the_status_of_the_alarm_is_a_timeout_only_near_the_deadline() -> None:
    early = run_job(Line(scripted(READY, exit_frame(status=wire.TIMED_OUT))), job(), LIMITS)
    assert (early.timed_out, early.exit_code) == (False, wire.TIMED_OUT)
    tight = Limits(deadline=0.0, memory=1)
    assert run_job(Line(scripted(READY, exit_frame(status=wire.TIMED_OUT))), job(), tight).timed_out


def test_a_job_past_its_deadline_is_killed_and_what_came_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drive, "GRACE_SECONDS", 0.05)
    endpoint = scripted(READY, reported(wire.TRACE, b"t"), wire.frame(wire.OUTPUT, b"abc"), silent_after=True)
    outcome = run_job(Line(endpoint), job(), Limits(deadline=0.05, memory=1))
    assert endpoint.killed
    assert (outcome.timed_out, outcome.trace, outcome.output, outcome.output_bytes) == (True, b"t", b"abc", 3)
    assert (outcome.exit_code, outcome.signal) == (None, None)


def test_a_sandbox_that_ends_or_breaks_the_frames_is_our_failure() -> None:
    with pytest.raises(SandboxBroken, match="ended before it answered: ImportError: no torch"):
        run_job(Line(scripted(said="Traceback\nImportError: no torch")), job(), LIMITS)
    with pytest.raises(SandboxBroken, match="ended before it answered"):
        run_job(Line(scripted(READY, reported(wire.TRACE, b"t"))), job(), LIMITS)
    with pytest.raises(SandboxBroken, match="broke the protocol"):
        run_job(Line(scripted(READY, b"?????")), job(), LIMITS)
    with pytest.raises(SandboxBroken, match="not JSON"):
        run_job(Line(scripted(wire.frame(wire.READY, b"{"))), job(), LIMITS)
    with pytest.raises(SandboxBroken, match="not an object"):
        run_job(Line(scripted(READY, wire.frame(wire.EXIT, b"[]"))), job(), LIMITS)


def test_a_report_may_be_cut_anywhere_and_is_read_up_to_what_breaks_it() -> None:
    report = wire.frame(wire.TRACE, b"abc") + wire.frame(wire.WEIGHTS, b"w") + b"nonsense" + b"more"
    for size in (1, 3, 100):
        pieces = [wire.frame(wire.REPORT, report[at : at + size]) for at in range(0, len(report), size)]
        outcome = run_job(Line(scripted(READY, *pieces, exit_frame())), job(), LIMITS)
        assert (outcome.trace, outcome.weights) == (b"abc", b"w")
        assert "unexpected channel" in outcome.broken


def test_more_trace_than_allowed_is_cut_off() -> None:
    piece = reported(wire.TRACE, bytes(1000))
    many = [piece] * (trace.MAX_TRACE // 1000 + 1)
    outcome = run_job(Line(scripted(READY, *many, exit_frame())), job(), LIMITS)
    assert "more than allowed" in outcome.broken
    assert len(outcome.trace) <= trace.MAX_TRACE


SWEPT = {"processes": 0, "files": 0, "ipc": 0, "clean": True}


@pytest.mark.parametrize(
    ("left", "fit"),
    [
        ({}, True),
        ({"processes": 1}, False),
        ({"files": 1}, False),
        ({"ipc": 2}, False),
        ({"clean": False}, False),
    ],
)
def test_a_zygote_serves_again_only_when_nothing_was_left(left: dict[str, object], fit: bool) -> None:
    swept = wire.frame(wire.READY, json.dumps({**SWEPT, **left}).encode())
    line = Line(scripted(READY, exit_frame(), swept, wire.frame(wire.READY, b"{}")))
    assert run_job(line, job(), LIMITS).usual
    assert line.fit() is fit


def test_a_role_that_has_ended_or_does_not_answer_is_not_fit_and_one_that_starts_is() -> None:
    assert Line(scripted(silent_after=True)).fit(0.05)
    assert not Line(scripted()).fit(0.05)
    assert not Line(scripted(READY, silent_after=True)).fit(0.05)
    assert not Line(scripted(READY)).fit(0.05)
    assert not Line(scripted(READY, b"?????")).fit(0.05)
    endpoint = scripted(READY, wire.frame(wire.READY, b"{}"))
    line = Line(endpoint)
    assert line.fit(5.0)
    assert wire.FrameReader().feed(bytes(endpoint.sent)) == [(wire.JOB, b'{"op": "ping"}')]


def test_readiness_is_waited_for_once_and_not_for_ever() -> None:
    line = Line(scripted(READY))
    line.wait_ready()
    line.wait_ready()
    assert line.ready == {"torch": "2"}
    with pytest.raises(SandboxBroken, match="not ready within 0 s"):
        Line(scripted(silent_after=True)).wait_ready(0.02)


# ── the examiner ─────────────────────────────────────────────────────────────────────────────────


def test_an_examiner_answers_with_files_and_an_object() -> None:
    pieces = b"".join(
        [*wire.file_frames("a", b"1"), *wire.file_frames("b", b""), *wire.file_frames("a", b"2")]
    )
    endpoint = scripted(READY, pieces, wire.frame(wire.EXIT, b'{"accuracy": 1}'))
    files, answer = ask_examiner(Line(endpoint), {"w": b"x"}, {"op": "measure"}, 5.0)
    assert files == {"a": b"12", "b": b""}
    assert answer == {"accuracy": 1}


@pytest.mark.parametrize(
    ("pieces", "why"),
    [
        ([READY, wire.frame(wire.EXIT, b'{"error": "no data"}')], "The examiner failed: no data"),
        ([READY], "The examiner ended before it answered"),
        ([READY, b"nonsense"], "The examiner broke the protocol"),
    ],
)
def test_an_examiner_that_fails_is_an_examiner_error(pieces: list[bytes], why: str) -> None:
    with pytest.raises(ExaminerError, match=why):
        ask_examiner(Line(scripted(*pieces)), {}, {}, 5.0)


def test_an_examiner_that_hangs_or_floods_is_an_examiner_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExaminerError, match="did not answer within 0 s"):
        ask_examiner(Line(scripted(READY, silent_after=True)), {}, {}, 0.02)
    monkeypatch.setattr(drive, "MAX_RETURNED", 100)
    with pytest.raises(ExaminerError, match="more than it may"):
        ask_examiner(Line(scripted(READY, *wire.file_frames("a", bytes(101)))), {}, {}, 5.0)


# ── questions in the midst of a run, and what it leaves ──────────────────────────────────────────


def answers(endpoint: Scripted) -> list[tuple[bytes, bytes]]:
    """What the child was answered, after the job."""
    frames = wire.FrameReader().feed(bytes(endpoint.sent))
    return [item for item in frames if item[0] in (wire.TELL, wire.KILL)]


def test_a_question_is_answered_or_ends_the_child() -> None:
    asked = [reported(wire.ASK, question) for question in (b"1", b"2", b"stop")]
    endpoint = scripted(READY, *asked, exit_frame(status=-9))
    known = {b"1": b"one", b"2": b"two"}
    outcome = run_job(Line(endpoint), Job({}, {"filename": "loop.py"}), LIMITS, known.get)
    assert answers(endpoint) == [(wire.TELL, b"one"), (wire.TELL, b"two"), (wire.KILL, b"")]
    assert (outcome.signal, outcome.timed_out) == (9, False)
    assert b'"asks": true' in endpoint.sent


def test_where_nobody_answers_a_question_breaks_the_protocol() -> None:
    endpoint = scripted(READY, reported(wire.ASK, b"1"), exit_frame())
    outcome = run_job(Line(endpoint), Job({}, {}), LIMITS)
    assert "channel" in outcome.broken
    assert answers(endpoint) == []
    assert b'"asks": false' in endpoint.sent


def test_too_many_questions_break_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_ASKED", 2)
    endpoint = scripted(READY, *[reported(wire.ASK, b"1")] * 3, exit_frame())
    outcome = run_job(Line(endpoint), Job({}, {"filename": "loop.py"}), LIMITS, lambda _: b"")
    assert "more than allowed" in outcome.broken
    assert answers(endpoint) == [(wire.TELL, b"")] * 2


def test_files_that_a_run_left_are_put_together_in_their_order() -> None:
    pieces = [*wire.file_frames("b", b"1"), *wire.file_frames("deep/a", b"2"), *wire.file_frames("b", b"3")]
    outcome = run_job(Line(scripted(READY, *pieces, exit_frame(remains="connections"))), Job({}, {}), LIMITS)
    assert list(outcome.files.items()) == [("b", b"13"), ("deep/a", b"2")]
    assert outcome.remains == "connections"


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", ".."])
def test_a_file_from_elsewhere_breaks_the_sandbox(name: str) -> None:
    endpoint = scripted(READY, *wire.file_frames(name, b"x"), exit_frame())
    with pytest.raises(SandboxBroken, match="outside its folder"):
        run_job(Line(endpoint), Job({}, {}), LIMITS)


def test_a_file_without_a_name_breaks_the_sandbox() -> None:
    with pytest.raises(SandboxBroken, match="without a name"):
        run_job(Line(scripted(READY, wire.frame(wire.FILE, b""), exit_frame())), Job({}, {}), LIMITS)


def test_files_of_a_run_that_was_ended_from_outside_are_not_whole() -> None:
    endpoint = scripted(READY, *wire.file_frames("a", b"1"), silent_after=True)
    outcome = run_job(Line(endpoint), Job({}, {}), Limits(deadline=-1.9, memory=1))
    assert outcome.timed_out
    assert outcome.remains
