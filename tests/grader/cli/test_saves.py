"""Saves, however an editor makes them: nothing half-written is taken for one, and the last state always is."""

import os
from pathlib import Path

import pytest

from grader.cli.saves import DOUBTFUL, STILL, Saves
from grader.errors import NoSuchFile, UnknownExercise
from grader.settings import Settings

FIRST, SECOND = "x = 1\n", "x = 22\n"


class Clock:
    """Looks at a file as time goes by, 10 ms a look."""

    def __init__(self, path):
        self.saves = Saves(path, "linreg-torch", Settings())
        self.now = 100.0

    def found(self, seconds):
        """All that was found in the next `seconds`."""
        until, found = self.now + seconds, []
        while self.now < until:
            self.now += 0.01
            if (item := self.saves.look(self.now)) is not None:
                found.append(item)
        return found


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "loop.py"
    path.write_text(FIRST)
    return path


@pytest.fixture
def clock(path):
    """A clock whose file has been found as it was at first."""
    clock = Clock(path)
    assert [text(item) for item in clock.found(1)] == [FIRST]
    return clock


def text(found):
    return found.submission.source.decode()


def write(path):
    path.write_text(SECOND)


def rename(path):
    other = path.with_name(".loop.py.swp")
    other.write_text(SECOND)
    other.replace(path)


def move_away_and_write(path):
    path.rename(path.with_name("loop.py~"))
    path.write_text(SECOND)


def same_length(path):
    path.write_text("x = 2\n")


def rename_with_an_old_date(path):
    rename(path)
    os.utime(path, (0, 0))


@pytest.mark.parametrize("save", [write, rename, move_away_and_write, same_length, rename_with_an_old_date])
def test_every_way_of_saving_is_found_once_and_soon(clock, path, save):
    save(path)
    begun = clock.now
    (found,) = clock.found(STILL + 0.03)
    assert text(found) == path.read_text()
    assert begun < clock.saves.since <= begun + 0.02
    assert clock.found(1) == []


def test_a_save_that_changes_no_byte_is_a_save(clock, path):
    os.utime(path, (1, 1))
    assert [text(item) for item in clock.found(1)] == [FIRST]


def test_a_file_that_is_emptied_and_then_written_is_found_whole_only(clock, path):
    path.write_text("")
    assert clock.found(DOUBTFUL - 0.03) == []
    path.write_text(SECOND)
    assert [text(item) for item in clock.found(1)] == [SECOND]


def test_a_file_that_grows_is_found_when_it_has_stopped(clock, path):
    for number in range(20):
        path.write_text("x = 1\n" * (number + 2))
        assert clock.found(STILL - 0.01) == []
    assert [text(item) for item in clock.found(1)] == ["x = 1\n" * 21]


def test_half_of_a_statement_is_waited_for(clock, path):
    path.write_text("def train(model,")
    assert clock.found(DOUBTFUL - 0.03) == []
    path.write_text("def train(model, loader): ...\n")
    assert [text(item) for item in clock.found(1)] == ["def train(model, loader): ...\n"]


def test_what_stays_half_written_is_found_as_it_is(clock, path):
    path.write_text("def train(model,")
    assert [text(item) for item in clock.found(1)] == ["def train(model,"]


def test_what_stays_empty_is_found_with_its_problem(clock, path):
    path.write_text("")
    (found,) = clock.found(1)
    assert found.problem == "The file is empty."


def test_a_file_that_is_gone_for_a_moment_is_not_missed(clock, path):
    path.unlink()
    assert clock.found(DOUBTFUL - 0.03) == []
    path.write_text(SECOND)
    assert [text(item) for item in clock.found(1)] == [SECOND]


def test_a_file_that_stays_away_is_told_once_and_found_when_it_is_back(clock, path):
    path.unlink()
    (gone,) = clock.found(3)
    assert isinstance(gone, NoSuchFile)
    path.write_text(FIRST)
    assert [text(item) for item in clock.found(1)] == [FIRST]


def test_a_folder_in_its_place_is_told(clock, path):
    path.unlink()
    path.mkdir()
    (found,) = clock.found(1)
    assert isinstance(found, NoSuchFile)
    assert "folder" in str(found)


def test_an_exercise_that_nobody_knows_is_told(path):
    path.write_text("# exercise: nonsense\n")
    clock = Clock(path)
    clock.saves = Saves(path, None, Settings())
    (found,) = clock.found(1)
    assert isinstance(found, UnknownExercise)


def test_looking_at_a_strange_piece_of_code_warns_nobody(clock, path, recwarn):
    path.write_text("x = '\\d'\n")
    assert len(clock.found(1)) == 1
    assert list(recwarn) == []


def test_a_notebook_is_read_as_everywhere(tmp_path):
    path = tmp_path / "loop.ipynb"
    path.write_text('{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1"}]}')
    (found,) = Clock(path).found(1)
    assert "x = 1" in text(found)


def test_a_change_while_it_is_read_is_not_half_found(clock, path, monkeypatch):
    read = Saves._read

    def slowly(self):
        found = read(self)
        if path.read_text() == SECOND:
            Path(path).write_text("x = 333\n")
        return found

    monkeypatch.setattr(Saves, "_read", slowly)
    path.write_text(SECOND)
    assert [text(item) for item in clock.found(1)] == ["x = 333\n"]
