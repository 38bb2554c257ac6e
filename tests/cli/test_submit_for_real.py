"""`grade submit` in a process of its own: files in, report and exit code out, and nothing left behind."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.exercise import load_exercise
from grader.launch import docker, engine
from grader.models import SCHEMA_VERSION, Report

SOLUTION = load_exercise("linreg-torch").reference / "solution.py"
NOWHERE = "unix:///nowhere/docker.sock"
SECONDS = 120

WRONG = """
def train(model, loader, criterion, optimizer, epochs):
    print('{"passed": true, "score": {"points": 100}}')
    print("\\x1b[31mred\\x1b[0m \\u202eflipped")
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.detach()
        averages.append(float(total) / len(loader))
    return averages
"""
ENDLESS = """
def train(model, loader, criterion, optimizer, epochs):
    open("running", "w").close()
    while True:
        pass
"""


def environment(home, **more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GRADE_", "XDG_"))}
    own = {"HOME": str(home / "home"), "TMPDIR": str(home / "tmp"), "GRADE_SECRET": "5e" * 32}
    return {**kept, **own, "OMP_NUM_THREADS": "1", **more}


def command(*arguments):
    return [sys.executable, "-m", "grader.cli", "submit", *map(str, arguments)]


def grade(home, *arguments, **variables):
    """Run to the end; whatever happened, no traceback was shown and nothing is left."""
    process = subprocess.Popen(
        command(*arguments),
        cwd=home / "work",
        env=environment(home, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = process.communicate(timeout=SECONDS)
    assert "Traceback" not in out + err
    nothing_is_left(home, process.pid)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def nothing_is_left(home, pid):
    assert list((home / "tmp").iterdir()) == []
    assert processes_of(home) == []
    if engine_answers():
        assert containers_of(pid) == []


def processes_of(home):
    """Command lines of the processes that know of `home` by their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(home).encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes())
    return found


def engine_answers():
    return not docker.ready()


def containers_of(pid):
    with engine.connected() as client:
        return client.containers(all=True, filters={"label": f"metronome.owner={pid}"})


def has_child(container):
    """Whether a sandbox's zygote runs a job: every job is a process of its own."""
    with engine.connected() as client:
        shown = client.top(container)
    return len([line for line in shown["Processes"] if "sandbox.zygote" in " ".join(line)]) > 1


def hand_in(home, source, name="loop.py"):
    path = home / "work" / name
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    return path


def same_result(one, two):
    """Of two reports: the verdict and everything it rests on."""
    return all(
        one[key] == two[key] for key in ("outcome", "passed", "score", "findings", "requirements")
    ) and (one["measurement"] == two["measurement"] and one["losses"] == two["losses"])


# ── right and wrong loops ────────────────────────────────────────────────────────────────────────


def test_a_right_loop_passes_and_graded_again_has_the_very_same_result(home):
    path = hand_in(home, SOLUTION.read_bytes())
    options = ("--exercise", "linreg-torch")
    first = grade(home, path, *options, "--sandbox", "local", "--format", "json")
    assert (first.returncode, first.stderr) == (0, "")
    # Again, without an engine and left to choose, shown on the screen and written to a file.
    second = grade(home, path, *options, "--output", "report.json", DOCKER_HOST=NOWHERE)
    assert second.returncode == 0
    assert second.stdout.startswith("PASSED   100 of 100 points")
    assert second.stderr.endswith("Running in local mode, without isolation.\n")
    assert second.stderr.count("\n") == 1
    one, two = json.loads(first.stdout), json.loads((home / "work" / "report.json").read_text())
    assert same_result(one, two)
    assert one["report_id"] != two["report_id"]
    assert (one["outcome"], one["passed"], one["findings"]) == ("graded", True, [])
    assert one["score"] == {"points": 100.0, "max": 100.0}
    assert one["measurement"]["basis"] == "observed"
    assert one["beats"]["pattern"] == "ZFLBS"


def check_wrong(report):
    """The promised keys, and the one error of WRONG."""
    assert {"schema_version", "exercise", "outcome", "passed", "score", "findings"} <= report.keys()
    assert (report["schema_version"], report["exercise"]) == (SCHEMA_VERSION, "linreg-torch")
    assert (report["outcome"], report["passed"]) == ("graded", False)
    assert report["score"].keys() == {"points", "max"}
    assert 0 < report["score"]["points"] < report["score"]["max"]
    for item in report["findings"]:
        assert item.keys() - {"numbers"} == {
            *("slug", "severity", "title", "evidence", "where", "why", "fix", "basis")
        }
        assert all(place.keys() == {"line", "code"} for place in item["where"])
    errors = [item for item in report["findings"] if item["severity"] == "error"]
    assert [item["slug"] for item in errors] == ["missing-zero-grad"]
    assert report["findings"][0] == errors[0]
    lines = WRONG.splitlines()
    assert [place["code"] for place in errors[0]["where"]] == [lines[9], lines[10]]
    assert "red" in report["output"]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", report["output"])


def test_a_wrong_loop_that_prints_a_verdict_of_its_own_is_not_passed(home):
    path = hand_in(home, "# exercise: linreg-torch\n" + WRONG.lstrip())
    done = grade(home, path, "--sandbox", "local", "--format", "json")
    assert done.returncode == 1
    check_wrong(json.loads(done.stdout))
    Report.model_validate_json(done.stdout)


@pytest.mark.docker
def test_in_a_container_the_same_loops_have_the_same_verdicts(home):
    right = grade(home, SOLUTION, "--exercise", "linreg-torch", "--sandbox", "docker", "--format", "json")
    assert (right.returncode, right.stderr) == (0, "")
    report = json.loads(right.stdout)
    assert report["sandbox"]["launcher"] == "docker"
    assert report["measurement"]["basis"] == "verified"
    wrong = hand_in(home, "# exercise: linreg-torch\n" + WRONG.lstrip())
    done = grade(home, wrong, "--format", "json")
    assert (done.returncode, done.stderr) == (1, "")
    check_wrong(json.loads(done.stdout))


# ── bad input ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no.py", "--exercise", "linreg-torch"], "There is no file no.py."),
        ([".", "--exercise", "linreg-torch"], ". is a folder; give the path of one Python file."),
        (["loop.py", "--exercise", "nonsense"], "There are: adam-from-scratch, "),
        (["loop.py"], "Which exercise is loop.py?"),
    ],
)
def test_what_cannot_be_graded_is_exit_2_and_a_sentence(home, arguments, words):
    hand_in(home, "x = 1\n")
    done = grade(home, *arguments, DOCKER_HOST=NOWHERE)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.startswith("grade: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"\x7fELF\x02\x01\x01\0\0\0", "NUL"),
        (b"x = 1\n" * 350_000, "larger than 1 MiB"),
        (b"x = '\xff'\n", "not UTF-8"),
        (b"x = 1\0\n", "NUL"),
    ],
    ids=["empty", "binary", "2 MiB", "not UTF-8", "NUL"],
)
def test_an_unreadable_file_is_a_finding_and_exit_1(home, content, words):
    path = hand_in(home, content)
    done = grade(home, path, "--exercise", "linreg-torch", "--format", "json", DOCKER_HOST=NOWHERE)
    assert (done.returncode, done.stderr) == (1, "")
    report = json.loads(done.stdout)
    assert (report["outcome"], report["passed"], report["score"]["points"]) == ("student_error", False, 0)
    (finding,) = report["findings"]
    assert finding["slug"] == "unreadable-file"
    assert words in finding["evidence"]


def test_an_engine_that_does_not_answer_is_exit_3(home):
    path = hand_in(home, "x = 1\n")
    done = grade(home, path, "--exercise", "linreg-torch", "--sandbox", "docker", DOCKER_HOST=NOWHERE)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("grade: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.docker
@pytest.mark.skipif(not docker.ready("cuda"), reason="the image for CUDA is built here")
def test_a_missing_image_is_exit_3_and_names_the_command_that_builds_it(home):
    path = hand_in(home, "x = 1\n")
    done = grade(home, path, "--exercise", "linreg-torch", "--sandbox", "docker", GRADE_DEVICE="cuda")
    assert (done.returncode, done.stdout) == (3, "")
    assert "grade sandbox build --device cuda" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_exit_3(home):
    path = hand_in(home, "")
    done = grade(home, path, "--exercise", "linreg-torch", "--output", "/dev/full")
    assert done.returncode == 3
    assert "No space left" in done.stderr


# ── interrupted ──────────────────────────────────────────────────────────────────────────────────


def interrupt(home, number, running, *options):
    """Start a grading that never ends, wait until it runs, signal it; its exit code."""
    path = hand_in(home, ENDLESS)
    process = subprocess.Popen(
        command(path, "--exercise", "linreg-torch", *options),
        cwd=home / "work",
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until = time.monotonic() + SECONDS
        while not running(process.pid):
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < until
            time.sleep(0.1)
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert "Traceback" not in out + err
    nothing_is_left(home, process.pid)
    return process.returncode


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_local_grading_that_is_interrupted_leaves_nothing(home, number):
    def running(pid):
        # The command, the zygote, its child and the examiner: what must be gone afterwards is there now.
        return list((home / "tmp").rglob("running")) and len(processes_of(home)) >= 3

    assert interrupt(home, number, running, "--sandbox", "local") == 128 + number


@pytest.mark.docker
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_grading_in_containers_that_is_interrupted_leaves_nothing(home, number):
    def running(pid):
        return any(has_child(found["Id"]) for found in containers_of(pid) if found["State"] == "running")

    assert interrupt(home, number, running, "--sandbox", "docker") == 128 + number
