"""Neither the hidden data nor what they could be rebuilt from is in a sandbox that runs a student's file."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docker import APIClient

from grader import pipeline, runs
from grader.challenge import Challenge
from grader.examine import Prepared, prepare
from grader.exercise import Exercise, load_exercise
from grader.launch import docker, engine
from grader.launch.base import Job, Limits, Outcome
from grader.launch.lines import Lines
from grader.models import Report, Submission
from tests.conftest import CountedLauncher
from tests.hostile.secrets import outside
from tests.hostile.secrets import search as search_module
from tests.hostile.secrets.needles import all_needles, forms
from tests.hostile.secrets.search import Search, pairs_of

pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("secrets")]

FOLDER = Path(__file__).parent
SECRET = secrets.token_bytes(32)
EXERCISES = ("linreg-torch", "linreg-python", "mnist-from-memory")
SPACES = ("pid", "ipc", "mnt", "net", "uts")
ROLES = ("sandbox", "examiner")
DEADLINE = 300.0  # a busy machine searches slowly; nothing waits for it
FEWEST = 16
"""Pieces of hidden files that an exercise must have for the search to mean anything."""
HELD_CONTROLS = {
    "memory": r"memory of \d+, ",
    "number": r"memory of \d+, ",
    "text": r"memory of \d+, ",
    "file": r"file /scratch/run-[0-9a-f]+/control$",
    "shared memory": r"file /dev/shm/control$",
    "nameless file": r"descriptor /tmp/.* \(deleted\)$",
    "memory file": r"descriptor /memfd:control \(deleted\)$",
    "arguments": r"arguments$",
    "environment": r"environment$",
}
"""What held.py puts where, and where it has to be found."""
HUNTER_CONTROLS = {
    "memory": r"memory, ",
    "number": r"memory, ",
    "text": r"memory, ",
    "file": r"file /scratch/run-[0-9a-f]+/control$",
}
"""The same of hunter.py."""


def control(place: str) -> dict[str, bytes]:
    """A control's 32 bytes, as held.py and hunter.py compute them, in all forms."""
    value = hashlib.sha256(f"control: {place}".encode()).digest()
    return forms(f"control in {place}", int.from_bytes(value), len(value))


def assert_controls(places_of: Callable[[str], set[str]], wanted: dict[str, str]) -> None:
    """Every control was found where it was put: so what is not found is not there."""
    for place, pattern in wanted.items():
        places = places_of(f"control in {place} as ")
        assert any(re.match(pattern, found) for found in places), (place, places)


@dataclass(frozen=True)
class Case:
    """One submission to be graded, with all that its sandbox must not hold."""

    exercise: Exercise
    challenge: Challenge
    prepared: Prepared
    needles: dict[str, bytes]


def drawn(lines: Lines, slug: str) -> Case:
    """A challenge of an exercise; its deadline leaves time for a search."""
    exercise = load_exercise(slug)
    limits = exercise.limits.model_copy(update={"deadline": DEADLINE})
    exercise = exercise.model_copy(update={"limits": limits})
    challenge = Challenge.derive(SECRET, slug, exercise.version, "ada", "ab" * 32)
    prepared = prepare(lines.examiner(), exercise, challenge)
    needles = all_needles(SECRET, challenge, prepared)
    assert sum(name.startswith("hidden ") for name in needles) >= FEWEST
    return Case(exercise, challenge, prepared, needles)


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Lines to containers of this test's own; at its end none of them is left."""
    launcher = CountedLauncher()
    with Lines(launcher) as opened:
        yield opened
    assert launcher.left() == []


@dataclass(frozen=True)
class Grader:
    """Grades files on a case's challenge, whatever they are: they may hold fingerprints of it."""

    lines: Lines
    outcomes: list[Outcome]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, case: Case, source: str) -> tuple[Report, Outcome]:
        """The report, and what the first run left."""
        self.monkeypatch.setattr(Challenge, "derive", lambda *_: case.challenge)
        submission = Submission(filename="loop.py", source=source.encode(), exercise=case.exercise.slug)
        report = pipeline.grade_submission(submission, case.exercise, self.lines, SECRET)
        return report, self.outcomes[0]


@pytest.fixture
def grade(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> Grader:
    """The whole line of the grader, whose runs are noted."""
    outcomes: list[Outcome] = []
    run = runs.run

    def noted(*given: Any) -> Outcome:
        outcomes.append(run(*given))
        return outcomes[-1]

    monkeypatch.setattr(runs, "run", noted)
    return Grader(lines, outcomes, monkeypatch)


@dataclass(frozen=True)
class Held:
    """Containers while a student's file holds still in one of them."""

    client: APIClient
    sandbox: str
    examiner: str


@contextmanager
def held(grade: Grader, case: Case) -> Iterator[Held]:
    """Grade held.py up to where it holds still; afterwards let it go on and see that it was graded."""
    with ThreadPoolExecutor(1) as pool, engine.connected() as client:
        graded = pool.submit(grade, case, (FOLDER / "held.py").read_text())
        try:
            sandbox, examiner = await_held(client, graded)
            first = outside.processes(client, sandbox)[0]
            yield Held(client, sandbox, examiner)
            (folder_of(first) / "go").touch()
        except BaseException:
            for role in ROLES:
                for container in outside.running(client, role):
                    client.kill(container)
            raise
        report, outcome = graded.result(DEADLINE)
    assert outcome.broken == ""
    assert [item.slug for item in report.findings] == ["crashed"]
    assert "gone on" in str(report.findings[0])


def await_held(client: APIClient, graded: Future[tuple[Report, Outcome]]) -> tuple[str, str]:
    """The ids of both containers, once the student's file holds still."""
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        assert not graded.done(), graded.result()
        for sandbox, examiner in zip(*(outside.running(client, role) for role in ROLES), strict=False):
            pids = outside.processes(client, sandbox)
            if (folder_of(pids[0]) / "held").exists():
                return sandbox, examiner
        time.sleep(0.1)
    raise AssertionError("the file did not come to hold still")


def folder_of(pid: int) -> Path:
    """The private folder of the run in the container of a process."""
    folders = list(Path(f"/proc/{pid}/root/scratch").glob("run-*"))
    return folders[0] if folders else Path("/nowhere")


def controls(wanted: dict[str, str]) -> dict[str, bytes]:
    """All controls as needles."""
    return {name: needle for place in wanted for name, needle in control(place).items()}


def secrets_in(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What was found beside the controls."""
    return sorted((needle, place) for needle, place in found if not needle.startswith("control in "))


@pytest.mark.parametrize("slug", EXERCISES)
def test_from_outside_neither_secret_nor_hidden_data_are_to_be_seen(
    slug: str, lines: Lines, grade: Grader
) -> None:
    """Root of the machine reads every process and every file of the sandbox while the student's file holds still."""
    case = drawn(lines, slug)
    search = Search(pairs_of(case.needles | controls(HELD_CONTROLS)))
    with held(grade, case) as there:
        seen = outside.look(there.client, there.sandbox, search)
        others = outside.pipes(there.client, there.examiner)
    assert_controls(seen.places, HELD_CONTROLS)
    assert secrets_in(seen.found) == []
    assert len(seen.processes) == 3, seen.processes  # the zygote, its child, and the child's own
    assert seen.others == {"/dev/null", "anon_inode:[pidfd]"}  # the latter the zygote's, of its child
    assert others
    assert not seen.pipes & others


@pytest.mark.parametrize("slug", EXERCISES)
def test_a_file_that_hunts_for_them_finds_neither(slug: str, lines: Lines, grade: Grader) -> None:
    """The student's own file searches its memory, its files, and what it can open of other processes."""
    case = drawn(lines, slug)
    hunt = hunted(grade, case)
    assert secrets_in(hunt.found) == []
    assert hunt.unread <= outside.UNREADABLE
    assert hunt.memory > 100 << 20
    assert hunt.files > 5_000
    assert hunt.opened == {"1 cmdline"}


@dataclass(frozen=True)
class Hunt:
    """What hunter.py says: needles and places, what it could open of other processes, how much it went through."""

    found: list[tuple[str, str]]
    opened: set[str]
    unread: set[str]
    memory: int
    files: int

    def places(self, needle: str) -> set[str]:
        """Where a needle was found, in one of its forms."""
        return {place for name, place in self.found if name.startswith(needle)}


def hunted(grade: Grader, case: Case) -> Hunt:
    """Grade hunter.py; what it found, its own controls among it."""
    pairs = pairs_of(case.needles | controls(HUNTER_CONTROLS))
    parts = (inspect.getsource(search_module), f"PAIRS = {pairs!r}", (FOLDER / "hunter.py").read_text())
    _, outcome = grade(case, "\n".join(parts))
    lines = outcome.output.decode().splitlines()
    assert lines[0].startswith("{"), lines
    told = json.loads(lines[0])
    found = [(needle, place) for needle, place in told["found"]]
    hunt = Hunt(found, set(told["opened"]), set(told["unread"]), told["memory"], told["files"])
    assert_controls(hunt.places, HUNTER_CONTROLS)
    return hunt


@pytest.fixture
def leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A grader that tells a sandbox what it must not know: in its job, among its files, and in its environment."""
    job_of, environment = runs.job_of, docker.environment

    def job(*given: Any, **named: Any) -> Job:
        _, _, challenge, prepared, *_ = given
        made: Any = job_of(*given, **named)
        seeds = made.fields["seeds"] | {"hidden": challenge.seed("hidden")}
        files = {f"exercise/data/kept/{name}": content for name, content in prepared.hidden.items()}
        return Job(made.files | files, made.fields | {"seeds": seeds})

    def variables(limits: Limits, extra: dict[str, str]) -> dict[str, str]:
        return environment(limits, extra) | {"GRADE_SECRET": SECRET.hex()}

    monkeypatch.setattr(runs, "job_of", job)
    monkeypatch.setattr(docker, "environment", variables)


@pytest.mark.usefixtures("leaks")
def test_a_grader_that_told_them_would_be_caught_from_outside(lines: Lines, grade: Grader) -> None:
    case = drawn(lines, "linreg-torch")
    with held(grade, case) as there:
        seen = outside.look(there.client, there.sandbox, Search(pairs_of(case.needles)))
    assert {"environment", "engine"} <= seen.places("course secret as hexadecimal digits")
    assert any(place.startswith("memory of ") for place in seen.places("seed hidden as an int of Python"))
    kept = seen.places("hidden y.npy as float32")
    assert any(place.endswith("/exercise/data/kept/y.npy") for place in kept)
    assert any(place.startswith("memory of ") for place in kept)  # the file passed through the zygote's


@pytest.mark.usefixtures("leaks")
def test_a_grader_that_told_them_would_be_caught_from_inside(lines: Lines, grade: Grader) -> None:
    hunt = hunted(grade, drawn(lines, "linreg-torch"))
    assert "own environ" in hunt.places("course secret as hexadecimal digits")
    assert any(place.startswith("memory,") for place in hunt.places("seed hidden as an int of Python"))
    assert any(place.endswith("/exercise/data/kept/y.npy") for place in hunt.places("hidden y.npy"))


def test_nothing_that_can_be_written_is_shared_with_the_examiner(lines: Lines, grade: Grader) -> None:
    """Each container has its own processes, shared memory, network and mounts; of both, code alone is the same."""
    case = drawn(lines, "linreg-torch")
    with held(grade, case) as there:
        kept = outside.look(there.client, there.examiner, Search(pairs_of(case.needles)))
        first, second = (
            outside.processes(there.client, container)[0] for container in (there.sandbox, there.examiner)
        )
        spaces = {
            kind: {os.readlink(f"/proc/{pid}/ns/{kind}") for pid in (first, second, "self")}
            for kind in SPACES
        }
        own, others = outside.mounts(first), outside.mounts(second)
        told = there.client.inspect_container(there.sandbox)
    assert kept.places("hidden "), "there is nothing to be kept from the sandbox"
    assert {kind: len(found) for kind, found in spaces.items()} == dict.fromkeys(SPACES, 3)
    assert {mount.device for mount in own if mount.writable} & {mount.device for mount in others} == set()
    assert {mount.device for mount in others if mount.writable} & {mount.device for mount in own} == set()
    assert {"/scratch", "/tmp", "/dev/shm"} <= {mount.point for mount in own if mount.writable}
    binds = [mount for mount in told["Mounts"] if mount["Type"] != "tmpfs"]
    assert [(mount["Destination"], mount["RW"]) for mount in binds] == [("/opt/metronome/sandbox", False)]
