"""The output folder: made when need be, one process at a time, one exercise, and nothing half made."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.batch.folder import DATABASE, Folder
from grader.errors import BadDatabase, BadOutput
from grader.models import Submission
from grader.store.database import open_database
from grader.store.schema import metronome
from grader.store.submissions import HandedIn, keep

SLUG = "linreg-torch"


def test_a_folder_is_made_with_those_above_it_and_opens_again(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    for _ in range(2):
        with Folder(out, SLUG):
            assert (out / "reports").is_dir()
            assert (out / DATABASE).is_file()


def test_it_belongs_to_the_exercise_that_came_first(tmp_path: Path) -> None:
    Folder(tmp_path, SLUG).close()
    with pytest.raises(BadOutput, match="holds results of linreg-torch"):
        Folder(tmp_path, "mnist-from-memory")
    Folder(tmp_path, SLUG).close()
    Folder(tmp_path, None).close()


def test_two_do_not_work_in_it_at_once(tmp_path: Path) -> None:
    with Folder(tmp_path, SLUG), pytest.raises(BadOutput, match="Another process is at work"):
        Folder(tmp_path, SLUG)
    Folder(tmp_path, SLUG).close()


def test_without_an_exercise_it_has_to_be_one_already(tmp_path: Path) -> None:
    with pytest.raises(BadOutput, match="is not the output folder of a batch"):
        Folder(tmp_path, None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("in_the_way", ["out", "out/reports"])
def test_a_file_in_the_way_is_said(tmp_path: Path, in_the_way: str) -> None:
    (tmp_path / in_the_way).parent.mkdir(exist_ok=True)
    (tmp_path / in_the_way).write_text("")
    with pytest.raises(BadOutput, match="cannot be"):
        Folder(tmp_path / "out", SLUG)
    (tmp_path / in_the_way).unlink()
    Folder(tmp_path / "out", SLUG).close()


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    with open_database(tmp_path / DATABASE) as database, database.write() as connection:
        connection.execute(metronome.update().values(value="99"))
    with pytest.raises(BadDatabase, match="newer"):
        Folder(tmp_path, SLUG)
    assert not (tmp_path / "reports").exists()


def test_a_servers_database_is_refused(tmp_path: Path) -> None:
    submission = Submission(filename="loop.py", source=b"x", exercise=SLUG)
    with open_database(tmp_path / DATABASE) as database, database.write() as connection:
        keep(connection, HandedIn("sub-1", submission), "k")
    with pytest.raises(BadOutput, match="belongs to a server"):
        Folder(tmp_path, SLUG)
