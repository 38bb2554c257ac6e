"""Questions of a run in its midst: answered, or its end; and what of it is kept and what is not."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from grader.launch.base import Job, Outcome
from grader.launch.drive import run_job
from sandbox import trace
from tests.sandbox.conftest import LIMITS, SEEDS, Warm

MODEL = """
def make(data, seeds, parameters):
    return {"path": "kept"}

def leg(student, given, ask):
    given["ask"] = ask
    student.call("train", *given.values(), record=False)
"""


def run(
    warm: Warm, body: str, answer: Callable[[bytes], bytes | None] | None, **fields: object
) -> tuple[Outcome, tuple[trace.Record, ...]]:
    """Run a leg whose function has this body; `fields` go into its job, `files` beside it."""
    source = "def train(path, ask):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    job: dict[str, object] = {
        "entry": "function",
        "name": "train",
        "filename": "loop.py",
        "seeds": SEEDS,
        "parameters": {},
        "shapes": [],
        "spies": False,
        "keep": True,
        "cut": 0,
    }
    extra = fields.pop("files", {})
    assert isinstance(extra, dict)
    files = {"loop.py": source.encode(), "exercise/model.py": MODEL.encode(), **extra}
    outcome = run_job(warm.started(), Job(files, job | fields), LIMITS, answer)
    return outcome, trace.read(outcome.trace)


def doubled(question: bytes) -> bytes:
    return json.dumps(2 * json.loads(question)).encode()


def test_an_answer_reaches_who_asked(warm: Warm) -> None:
    outcome, records = run(warm, "print([ask(number) for number in (1, 21, 'x')])", doubled)
    assert outcome.output == b"[2, 42, 'xx']\n"
    assert any(isinstance(record, trace.End) for record in records)
    assert outcome.files == {}


def test_who_is_not_answered_is_killed_there_and_what_it_had_written_is_kept(warm: Warm) -> None:
    body = "open(path, 'w').write('before')\nask(0)\nopen(path, 'w').write('after')"
    outcome, records = run(warm, body, lambda _: None)
    assert outcome.signal == 9
    assert not any(isinstance(record, trace.End) for record in records)
    assert outcome.files == {"kept": b"before"}


def test_no_last_words_are_heard_by_a_process_that_is_killed(warm: Warm) -> None:
    body = (
        "import atexit, os, signal\n"
        "def last(*_): open(path, 'w').write('saved')\n"
        "atexit.register(last); os.kill = last\n"
        "[signal.signal(number, last) for number in (1, 2, 3, 15)]\n"
        "try:\n    ask(0)\nfinally:\n    last()"
    )
    outcome, _ = run(warm, body, lambda _: None)
    assert outcome.files == {}


def test_what_one_leg_leaves_the_next_one_finds_and_nothing_else(warm: Warm) -> None:
    body = (
        "import os\n"
        "os.makedirs('deep/er'); open('deep/er/one', 'w').write('1')\n"
        "open('two', 'w').write('2'); os.utime('two', (1, 1)); os.symlink('two', 'link')\n"
        "os.symlink('/etc/passwd', 'outside'); os.mkfifo('pipe'); open('loop.py', 'a').write('#')\n"
        "open('exercise/more', 'w').write('x')\n"
    )
    outcome, _ = run(warm, body, doubled, place="same")
    assert outcome.files == {"deep/er/one": b"1", "two": b"2", "link": b"2"}
    assert list(outcome.files)[-1] == "deep/er/one"  # the newest
    look = (
        "import os\n"
        "print(os.getcwd().endswith('run-same'), sorted(os.listdir()), open('loop.py').read()[-1:] == '#')\n"
        "print(max(('two', 'deep/er/one'), key=os.path.getmtime))"
    )
    again, _ = run(warm, look, doubled, place="same", files=outcome.files)
    names = ["deep", "exercise", "link", "loop.py", "two"]
    assert again.output.decode() == f"True {names} False\ndeep/er/one\n"


def test_too_much_is_not_kept_and_that_is_told(warm: Warm) -> None:
    outcome, _ = run(warm, "for n in range(2000): open(f'f{n}', 'w')", doubled)
    assert outcome.files == {}
    assert "too many" in outcome.remains


def test_without_leave_nothing_is_kept(warm: Warm) -> None:
    outcome, _ = run(warm, "open('x', 'w').write('x')", doubled, keep=False)
    assert (outcome.files, outcome.remains) == ({}, "")


def test_a_file_that_may_not_grow_is_cut_off_and_its_writer_ended(warm: Warm) -> None:
    body = "open('whole', 'wb').write(bytes(100))\nopen('half', 'wb').write(bytes(300))\nprint('on')"
    outcome, _ = run(warm, body, doubled, cut=200)
    assert {name: len(content) for name, content in outcome.files.items()} == {"whole": 100, "half": 200}
    assert outcome.output == b""
    assert outcome.signal == 25


def test_where_nobody_may_ask_a_question_breaks_the_protocol(warm: Warm) -> None:
    ran = warm.run("import os\nos.write(3, b'A' + (2).to_bytes(4, 'big') + b'[]')")
    assert "channel" in ran.outcome.broken


@pytest.mark.parametrize("body", ["while True: ask(0)", "import os\nos.close(4)\nwhile True: ask(0)"])
def test_who_asks_for_ever_is_ended(warm: Warm, body: str) -> None:
    left = iter(range(300))
    outcome, _ = run(warm, body, lambda _: b"0" if next(left, None) is not None else None)
    assert outcome.signal == 9 or outcome.exit_code == 0


def test_who_asks_without_listening_is_ended(warm: Warm) -> None:
    body = "import os, time\nfor _ in range(9000): os.write(3, b'A' + (2).to_bytes(4, 'big') + b'[]')\ntime.sleep(15)"
    outcome, _ = run(warm, body, lambda _: bytes(60))
    assert outcome.signal == 9
    assert warm.run("print('next')").said == "next\n"
