"""`grade outbox`: dead letters are listed and sent again."""

import json

import pytest

from grader.models import Submission
from grader.store import jobs, outbox, schema
from grader.store.database import open_database
from grader.store.submissions import HandedIn, keep


@pytest.fixture
def letters(run, tmp_path, make_report):
    """Three messages in the default database, the first two of them dead; their ids."""
    with open_database(tmp_path / "here" / "metronome.db") as database:
        for name in ("ada", "bob", "eve"):
            file = Submission(filename="loop.py", source=b"pass", exercise="linreg-torch", student=name)
            with database.write() as connection:
                keep(connection, HandedIn(f"hw1:{name}", file, callback="lms"), "key")
                claimed = jobs.claim(connection, "test", 60)
                jobs.finish(connection, claimed, make_report(), "key")
                outbox.post(connection, claimed.stored, make_report())
                if name == "bob":
                    outbox.bury(connection, "lms", "the endpoint answered 410\x1b[31m")
        with database.read() as connection:
            return [one.id for one in outbox.letters(connection, (outbox.DEAD, outbox.PENDING))]


def listed(run, *arguments):
    done = run("outbox", "list", "--format", "json", *arguments)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_dead_letters_are_listed(run, letters):
    found = listed(run)
    assert [one["id"] for one in found] == letters[:2]
    assert found[0]["submission_id"] == "hw1:ada"
    assert set(found[0]) == {
        *("id", "state", "callback", "submission_id", "attempts", "error", "created_at"),
    }


def test_other_states_are_listed_when_they_are_asked_for(run, letters):
    assert [one["id"] for one in listed(run, "--state", "pending")] == letters[2:]
    assert [one["id"] for one in listed(run, "--state", "all")] == letters


def test_the_text_has_a_line_for_each_without_control_characters(run, letters):
    lines = run("outbox", "list").output.splitlines()
    assert len(lines) == 2
    assert lines[0].split()[:5] == [letters[0], "dead", "0×", "lms", "hw1:ada"]
    assert "\x1b" not in lines[0]


def test_the_columns_of_the_text_stand_below_each_other(run, letters, tmp_path):
    with open_database(tmp_path / "here" / "metronome.db") as database, database.write() as connection:
        connection.execute(schema.outbox.update().where(schema.outbox.c.id == letters[0]).values(attempts=19))
    first, second = run("outbox", "list").output.splitlines()
    assert first.index("lms") == second.index("lms")


def test_an_empty_list_says_so(run, letters):
    assert run("outbox", "list", "--state", "delivered").output == "There are none.\n"


def test_one_is_sent_again(run, letters):
    done = run("outbox", "resend", letters[0])
    assert (done.exit_code, done.output) == (0, "1 message will be sent again.\n")
    assert [one["id"] for one in listed(run)] == letters[1:2]


def test_all_are_sent_again(run, letters):
    assert run("outbox", "resend", "--all").output == "2 messages will be sent again.\n"
    assert listed(run) == []


def test_an_id_that_is_not_dead_changes_nothing(run, letters):
    for wrong in ("msg_nope", letters[2]):
        done = run("outbox", "resend", letters[0], wrong)
        assert done.exit_code == 2
        assert "nothing was changed" in done.stderr
    assert [one["id"] for one in listed(run)] == letters[:2]


@pytest.mark.parametrize("arguments", [[], ["--all", "msg_1"]])
def test_ids_or_all_must_be_said(run, letters, arguments):
    assert run("outbox", "resend", *arguments).exit_code == 2


def test_a_database_that_is_not_there_is_not_made(run, tmp_path):
    done = run("outbox", "list", "--database", "sqlite:///nope.db")
    assert done.exit_code == 2
    assert "There is no database nope.db." in done.stderr
    assert not (tmp_path / "here" / "nope.db").exists()
