"""The zygote, end to end in local mode: whatever a child does, the job ends, is told, and leaves nothing."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.launch import drive
from grader.launch.local import descendants
from sandbox import trace, wire
from tests.sandbox.conftest import Warm, within

SHORT = within(deadline=1.6)


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether a condition becomes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture(autouse=True)
def _nothing_is_left(warm: Warm) -> Iterator[None]:
    """After every job: no process below the zygote, no folder in its scratch, no descriptor more."""
    endpoint = warm.endpoint
    pid, scratch = endpoint._process.pid, Path(endpoint._folder)
    before = len(os.listdir(f"/proc/{pid}/fd"))
    yield
    assert until(lambda: descendants(pid) == set())
    if warm.line is not None and warm.endpoint is endpoint:
        assert list(scratch.glob("run-*")) == []
        assert len(os.listdir(f"/proc/{pid}/fd")) == before
    else:  # a deadline has ended this zygote
        assert not scratch.exists()
        assert not Path(f"/proc/{pid}").exists()


def works(warm: Warm) -> bool:
    """Whether the next job is served as if nothing had been."""
    ran = warm.run("print('next')")
    return ran.said == "next\n" and ran.outcome.exit_code == 0 and ran.one(trace.End).finished


# ── how a file ends ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "code", ["", "raise SystemExit", "raise SystemExit(None)", "import sys; sys.exit(0)"]
)
def test_a_script_may_leave_by_exit_with_zero_or_none(warm: Warm, code: str) -> None:
    ran = warm.run(code)
    assert ran.of(trace.Stop) == []
    assert ran.one(trace.End).finished
    assert (ran.outcome.exit_code, ran.outcome.broken, ran.outcome.timed_out) == (0, "", False)


@pytest.mark.parametrize(
    ("code", "slug", "kind", "frames"),
    [
        ("\nimport sys\nsys.exit(1)", "crashed", "SystemExit", [3]),
        ("raise SystemExit('no')", "crashed", "SystemExit", [1]),
        ("def f():\n    1 / 0\nf()", "crashed", "ZeroDivisionError", [3, 2]),
        ("raise KeyboardInterrupt", "crashed", "KeyboardInterrupt", [1]),
        ("raise BaseException('x')", "crashed", "BaseException", [1]),
        ("class E(Exception):\n    def __str__(self): raise E\nraise E", "crashed", "E", [3]),
        ("def f(): f()\nf()", "crashed", "RecursionError", [1] * 8),
        ("import lightning_that_is_not_there", "import-error", "ModuleNotFoundError", [1]),
        ("from torch import nothing_of_this_name", "import-error", "ImportError", [1]),
        ("x = 1\nif x\n    pass", "syntax-error", "SyntaxError", [2]),
        ("if True:\npass", "syntax-error", "IndentationError", [2]),
        ("x = 'a\0b'", "syntax-error", None, [1]),
        ("raise MemoryError", "memory-exceeded", "MemoryError", [1]),
        ("raise ExceptionGroup('two', [ValueError(), KeyError()])", "crashed", "ExceptionGroup", [1]),
    ],
)
def test_an_end_by_exception_is_told_with_the_students_lines(
    warm: Warm, code: str, slug: str, kind: str | None, frames: list[int]
) -> None:
    ran = warm.run(code)
    stop = ran.one(trace.Stop)
    assert (stop.slug, stop.frames) == (slug, frames)
    assert kind in (stop.type, None)
    assert ran.one(trace.End).finished


@pytest.mark.parametrize(
    ("code", "status", "died_of"),
    [
        ("import os; print('x', flush=True); os._exit(0)", 0, None),
        ("import os; os._exit(3)", 3, None),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", None, signal.SIGKILL),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", None, signal.SIGTERM),
        ("import os; os.abort()", None, signal.SIGABRT),
        ("import ctypes; ctypes.string_at(0)", None, signal.SIGSEGV),
    ],
)
def test_an_end_that_python_does_not_see_has_no_end_record(
    warm: Warm, code: str, status: int | None, died_of: int | None
) -> None:
    ran = warm.run(code)
    assert (ran.outcome.exit_code, ran.outcome.signal) == (status, died_of)
    assert ran.one(trace.Started)
    assert ran.of(trace.End) == []
    assert works(warm)


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────

ENDLESS = """
import torch
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
while True:
    optimizer.zero_grad()
    model(torch.ones(4, 1)).sum().backward()
    optimizer.step()
"""


def test_an_endless_loop_keeps_its_evidence_until_the_deadline(warm: Warm) -> None:
    ran = warm.run(ENDLESS, limits=SHORT)
    assert ran.outcome.timed_out
    end = ran.one(trace.End)
    assert not end.finished
    assert end.steps > 10
    assert end.counts["B"] >= end.steps
    assert ran.one(trace.Losses).count >= end.steps
    assert works(warm)


def test_a_child_that_ignores_every_signal_is_killed_and_its_progress_kept(
    warm: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "GRACE_SECONDS", 0.2)
    ignore = (
        "import signal as s\nfor number in (s.SIGALRM, s.SIGTERM, s.SIGINT): s.signal(number, s.SIG_IGN)\n"
    )
    ran = warm.run(ignore + ENDLESS, limits=SHORT)
    assert ran.outcome.timed_out
    assert (ran.outcome.exit_code, ran.outcome.signal) == (None, None)
    assert ran.of(trace.Progress)[-1].steps > 10
    assert ran.of(trace.End) == []
    assert works(warm)


def test_a_memory_bomb_is_told_and_harms_nobody(warm: Warm) -> None:
    ran = warm.run("import torch\nkept = []\nwhile True:\n    kept.append(torch.ones(1 << 24))\n")
    stop = ran.one(trace.Stop)
    assert (stop.slug, stop.frames) == ("memory-exceeded", [4])
    ran = warm.run("kept = []\nwhile True:\n    kept.append(bytearray(1 << 24))\n")
    assert ran.one(trace.Stop).slug == "memory-exceeded"
    assert works(warm)


def test_a_flood_of_output_is_cut_off_and_only_its_beginning_kept(warm: Warm) -> None:
    ran = warm.run("while True: print('x' * 1023)", limits=within(output=1 << 20))
    assert ran.outcome.output_exceeded
    assert len(ran.outcome.output) == 64 << 10
    assert ran.outcome.output_bytes > 1 << 20
    assert ran.outcome.signal == signal.SIGKILL
    assert works(warm)


def test_output_within_the_bound_is_all_counted_and_its_beginning_kept(warm: Warm) -> None:
    ran = warm.run("import sys; print('a' * 99_999); print('b' * 9, file=sys.stderr)")
    assert not ran.outcome.output_exceeded
    assert ran.outcome.output_bytes == 100_010
    assert ran.outcome.output == b"a" * (64 << 10)


def test_output_of_any_bytes_is_passed_on_unread(warm: Warm) -> None:
    ran = warm.run("import os; os.write(1, bytes(range(256))); print('\\udcff', input.__name__)")
    assert ran.outcome.output == bytes(range(256)) + b"\\udcff input\n"


def test_there_is_nothing_to_read_on_stdin(warm: Warm) -> None:
    assert warm.run("input()").one(trace.Stop).type == "EOFError"


# ── hostile to the report ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.write(3, b'garbage' * 100)",
        "import os; os.write(3, os.urandom(1 << 16))",
        "import os; os.write(3, b'T' + (1 << 30).to_bytes(4, 'big'))",
        "import os; os.write(3, b'X' + (2).to_bytes(4, 'big') + b'{}')",
        "import os; os.write(3, b'J' + (2).to_bytes(4, 'big') + b'{}')",
    ],
)
def test_garbage_on_the_report_breaks_this_job_only(warm: Warm, code: str) -> None:
    ran = warm.run(code)
    assert ran.outcome.broken
    assert ran.of(trace.End) == []
    assert works(warm)


def test_garbage_on_the_report_leaves_what_came_before_it(warm: Warm) -> None:
    ran = warm.run("import os; os.write(3, b'garbage' * 99); os._exit(0)")
    assert "unexpected channel" in ran.outcome.broken
    assert ran.one(trace.Started)


def test_more_trace_than_allowed_is_cut_off(warm: Warm) -> None:
    ran = warm.run("""
        import os
        for number in range(9):
            data = b'T' + (1 << 20).to_bytes(4, 'big') + b' ' * (1 << 20)
            while data: data = data[os.write(3, data):]
    """)
    assert "more than allowed" in ran.outcome.broken
    assert len(ran.outcome.trace) <= trace.MAX_TRACE
    assert works(warm)


def test_a_half_written_frame_is_dropped(warm: Warm) -> None:
    ran = warm.run("import os; os.write(3, b'T' + (99).to_bytes(4, 'big') + b'half'); os._exit(0)")
    assert ran.one(trace.Started)
    assert b"half" not in ran.outcome.trace


@pytest.mark.parametrize("descriptors", ["(3,)", "(1, 2)", "(0, 1, 2, 3)", "range(256)"])
def test_a_child_that_closes_its_descriptors_still_ends(warm: Warm, descriptors: str) -> None:
    ran = warm.run(f"import os\nfor fd in {descriptors}:\n    try: os.close(fd)\n    except OSError: pass\n")
    assert not ran.outcome.timed_out
    assert ran.one(trace.Started)
    assert bool(ran.of(trace.End)) == (descriptors == "(1, 2)")
    assert works(warm)


# ── processes it leaves ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "how",
    [
        "pass",
        "os.setsid()",
        "os.setsid()\n    if os.fork(): os._exit(0)",
        "import signal; [signal.signal(s, signal.SIG_IGN) for s in range(1, 32) if s not in (9, 17, 19)]",
        "os.close(1); os.close(2); os.close(3)",
    ],
)
def test_processes_that_are_left_running_are_dead_when_the_job_is_over(warm: Warm, how: str) -> None:
    ran = warm.run(f"""
import os, time
if os.fork() == 0:
    {how}
    time.sleep(60)
print('parent done')
""")
    assert ran.said == "parent done\n"
    assert ran.outcome.seconds < 30
    assert descendants(warm.endpoint._process.pid) == set()
    assert works(warm)


def test_a_fork_that_reports_too_does_not_fool_the_reader(warm: Warm) -> None:
    ran = warm.run("import os, time\nif os.fork() == 0:\n    pass\nelse:\n    os.wait()\n")
    assert not ran.outcome.timed_out
    assert works(warm)


def test_what_one_job_leaves_the_next_does_not_see(warm: Warm) -> None:
    warm.run("open('left.txt', 'w').write('x'); import torch; torch.set_default_dtype(torch.float64)")
    ran = warm.run("import os, torch; print(sorted(os.listdir('.')), torch.get_default_dtype())")
    assert ran.said == "['exercise', 'loop.py'] torch.float32\n"


# ── the zygote's own end ─────────────────────────────────────────────────────────────────────────


def gone(pids: set[int]) -> Callable[[], bool]:
    return lambda: not any(Path(f"/proc/{pid}").exists() and "Z" not in state(pid) for pid in pids)


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_the_zygote_ends_with_its_child_when_its_stdin_closes_in_the_middle_of_a_job() -> None:
    own = Warm()
    process = own.endpoint._process
    fields = {"deadline": 60, "memory": 1 << 30, "processes": 9, "output": 1 << 20, "output_kept": 99}
    files = {"loop.py": b"import time; time.sleep(60)", "exercise/model.py": b"def make(*_): return {}"}
    job = {
        "entry": "script",
        "name": "",
        "filename": "loop.py",
        "seeds": {"init": 1, "dropout": 2},
        "spies": True,
    }
    own.started().send({}, {"op": "run", "files": list(files), "output": 1 << 20, "output_kept": 99})
    own.started().send(
        files, {**job, **fields, "threads": 1, "scratch": 1 << 20, "shapes": [], "parameters": {}}
    )
    try:
        assert until(lambda: len(descendants(process.pid)) == 1)
        children = descendants(process.pid)
        assert process.stdin is not None
        process.stdin.close()
        assert until(gone(children))
        assert process.wait(timeout=10) is not None
    finally:
        own.close()


def test_a_zygote_that_is_sent_nonsense_ends_and_says_why() -> None:
    own = Warm()
    process = own.endpoint._process
    try:
        own.started().endpoint.send(wire.frame(wire.JOB, b"not json"))
        assert process.wait(timeout=10) != 0
        assert "JSONDecodeError" in own.started().endpoint.explain()
    finally:
        own.close()


# ── what later jobs are forks of ─────────────────────────────────────────────────────────────────


def memory_of(pid: int) -> Iterator[bytes]:
    """All that a process could read of its own memory, piece by piece."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if rights.startswith("rw"):
                start, end = (int(part, 16) for part in span.split("-"))
                try:
                    memory.seek(start)
                    yield memory.read(end - start)
                except (OSError, OverflowError):
                    continue


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may read a process's memory")
def test_nothing_of_a_job_stays_in_the_zygotes_memory(warm: Warm) -> None:
    marks = [os.urandom(12).hex() for _ in range(3)]
    source = f"""
        import os
        # {marks[0]}
        print({marks[1]!r}, flush=True)
        raise ValueError({marks[2]!r})
    """
    ran = warm.run(source, files={"exercise/data/x": marks[0].encode() * 9})
    assert marks[1] in ran.said
    assert ran.one(trace.Stop).message == marks[2]
    pid = warm.endpoint._process.pid
    assert any(b"sandbox.zygote" in piece for piece in memory_of(pid))
    kept = [mark for mark in marks for piece in memory_of(pid) if mark.encode() in piece]
    assert kept == []


def test_the_zygote_has_one_thread_and_no_accelerator(warm: Warm) -> None:
    ran = warm.run("import torch; print(torch.cuda.is_initialized(), 'torch' in __import__('sys').modules)")
    assert ran.said == "False True\n"
    assert len(os.listdir(f"/proc/{warm.endpoint._process.pid}/task")) == 1


def test_a_zygote_answers_a_ping_and_says_what_a_job_left(warm: Warm) -> None:
    line = warm.started()
    assert line.fit()
    warm.run("import os, time\nif not os.fork(): time.sleep(60)")
    assert line.fit()  # what was left has been told already
    line.sweeping()
    assert not line.settled(0.1)
    warm.close()
