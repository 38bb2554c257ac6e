"""Three hundred deliveries at once, each twice, and a kill in the middle: each is graded once and told."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from grader.exercise import load_exercise
from grader.store import outbox
from grader.store.database import open_database
from grader.store.schema import deliveries, jobs, submissions
from tests.serve.conftest import Receiver, Server, client, deliver, delivery, wait_for

REFERENCE = load_exercise("linreg-torch").reference
SOURCES = [
    (REFERENCE / name).read_text()
    for name in ("solution.py", "bugs/missing_zero_grad.py", "bugs/double_step.py", "bugs/crashed.py")
] + [""]
EXPECTED = ["graded", "graded", "graded", "student_error", "student_error"]
LOCAL = ("--sandbox", "local", "--trust-submissions", "--jobs", "2")


def burst(server: Server, count: int, chance: random.Random) -> list[tuple[str, str]]:
    """Every delivery twice, in a random order, sixteen at a time; (submission, answer) of each."""
    twice = [number % count for number in range(2 * count)]
    chance.shuffle(twice)
    with client() as sender, ThreadPoolExecutor(16) as pool:

        def send(number: int) -> tuple[str, str]:
            # Text after the code makes every file another one.
            source = f"{SOURCES[number % len(SOURCES)]}\n# {number}\n" if number % len(SOURCES) < 4 else ""
            body = delivery(f"sub-{number}", source)
            answer = deliver(sender, server.url, f"msg-{number}", body)
            assert answer.status_code == 202, answer.text
            return f"sub-{number}", answer.text

        return list(pool.map(send, twice))


def letters(database: str) -> dict[str, int]:
    """How many messages are in each state."""
    with open_database(database, create=False) as opened, opened.read() as connection:
        return outbox.counts(connection)


def weather(server: Server, receiver: Receiver, count: int, database: str) -> None:
    """The burst, the kill, and what must hold afterwards."""
    chance = random.Random(300)
    server.start()
    with ThreadPoolExecutor(1) as pool:
        answers = pool.submit(burst, server, count, chance)
        wait_for(lambda: len(receiver.taken) >= count // 5, 120, lambda: "no callback came")
        server.end(signal.SIGKILL)
        server.start()
        told = answers.result(timeout=240)
    wait_for(
        lambda: len(receiver.taken) == count, 300, lambda: f"{len(receiver.taken)} of {count} callbacks came"
    )
    # What had been taken but not yet noted when the kill came is sent once more, under its old id.
    wait_for(lambda: letters(database) == {"delivered": count}, 120, lambda: str(letters(database)))
    assert server.get("/healthz").status_code == 200
    assert server.end() == 0
    first: dict[str, str] = {}
    for ident, answer in told:
        assert first.setdefault(ident, answer) == answer
    assert receiver.forged == []
    assert receiver.refused > 0
    for ident, messages in receiver.taken.items():
        number = int(ident.removeprefix("sub-"))
        assert len({webhook_id for webhook_id, _ in messages}) == 1
        _, body = messages[0]
        assert body["report"]["outcome"] == EXPECTED[number % len(SOURCES)], body["report"]["summary"]
        assert body["student_id"] == f"student of {ident}"
    with open_database(database, create=False) as opened, opened.read() as connection:
        assert list(connection.execute(select(jobs.c.gradings)).scalars()) == [1] * count
        assert sorted(connection.execute(select(submissions.c.external_id)).scalars()) == sorted(
            f"sub-{number}" for number in range(count)
        )
        assert len(list(connection.execute(select(deliveries.c.webhook_id)))) == count
    assert "Traceback" not in server.log()


def test_three_hundred_deliveries(serving: Callable[..., Server], receiver: Receiver, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/metronome.db"
    weather(serving(database, receiver.url, *LOCAL), receiver, 300, database)


@pytest.mark.postgres
def test_a_shorter_burst_over_postgresql(
    serving: Callable[..., Server], receiver: Receiver, postgres_url: str
) -> None:
    weather(serving(postgres_url, receiver.url, *LOCAL), receiver, 20, postgres_url)


@pytest.mark.docker
def test_a_shorter_burst_through_containers(
    serving: Callable[..., Server], receiver: Receiver, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path}/metronome.db"
    weather(serving(database, receiver.url, "--sandbox", "docker", "--jobs", "2"), receiver, 5, database)
