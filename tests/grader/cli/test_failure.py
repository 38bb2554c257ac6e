"""Whatever goes wrong is one sentence and the right exit code."""

import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from grader.cli.failure import reported
from grader.errors import EngineUnavailable, GateError, NoSuchFile


@pytest.mark.parametrize(("error", "code"), [(NoSuchFile, 2), (EngineUnavailable, 3), (GateError, 3)])
def test_an_error_of_ours_is_its_sentence_and_its_code(run, pipeline, error, code):
    pipeline.result = error("There is no \x1b[31mfile.")
    done = run("submit", "x.py")
    assert done.exit_code == code
    assert done.stderr == "grade: There is no file.\n"
    assert done.stdout == ""


def test_a_bug_is_exit_3_with_a_report_and_no_traceback_on_the_screen(run, pipeline, tmp_path):
    pipeline.result = ZeroDivisionError("secret detail")
    done = run("submit", "x.py")
    assert done.exit_code == 3
    assert "Traceback" not in done.output
    assert len(done.stderr.splitlines()) == 1
    ident = re.search(r"report ([0-9a-f]{8})", done.stderr)[1]
    kept = tmp_path / "state" / "metronome" / f"metronome-failure-{ident}.txt"
    assert str(kept) in done.stderr
    assert "ZeroDivisionError: secret detail" in kept.read_text()
    if os.name == "posix":
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_where_the_state_folder_cannot_be_made_the_temporary_one_serves(run, pipeline, tmp_path, monkeypatch):
    (tmp_path / "state").write_text("a file, not a folder")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    pipeline.result = ZeroDivisionError()
    assert str(tmp_path / "tmp") in run("submit", "x.py").stderr
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "state"))
    done = run("submit", "x.py")
    assert done.exit_code == 3
    assert "could not be written anywhere" in done.stderr


def test_a_full_disk_is_told_as_such(run, pipeline):
    pipeline.result = OSError(28, "No space left on device", "big.bin")
    done = run("submit", "x.py")
    assert done.exit_code == 3
    assert done.stderr == "grade: There is no room left on the disk for big.bin.\n"


def test_an_interrupt_is_quiet(run, pipeline):
    pipeline.result = KeyboardInterrupt()
    done = run("submit", "x.py")
    assert (done.exit_code, done.output) == (130, "")


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_unwinds_the_stack(tmp_path, number):
    code = (
        "import time, sys, pathlib\nfrom grader.cli.failure import reported\n"
        "with reported():\n"
        "    try:\n        print('up', flush=True)\n        time.sleep(60)\n"
        "    finally:\n        pathlib.Path(sys.argv[1]).touch()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "tidied")], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        assert process.wait(30) == 128 + number
    assert (tmp_path / "tidied").exists()


def test_signal_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with reported():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_failure_folder_follows_the_home(monkeypatch):
    from grader.cli.failure import _state_folder

    monkeypatch.setenv("XDG_STATE_HOME", "")
    monkeypatch.setenv("HOME", "/somewhere")
    assert _state_folder() == Path("/somewhere/.local/state/metronome")
