"""`grade exercise`: what there is, what one asks for, and a place to begin that overwrites nothing."""

import os
from pathlib import Path

from grader.exercise import load_exercise, slugs


def test_the_list_names_every_exercise_with_its_summary(run):
    done = run("exercise", "list")
    assert done.exit_code == 0
    text = " ".join(done.output.split())
    for slug in slugs():
        assert slug in text
        assert load_exercise(slug).title in text


def test_showing_one_tells_its_text_and_its_rubric(run):
    done = run("exercise", "show", "linreg-torch")
    assert done.exit_code == 0
    text = " ".join(done.output.split())
    for requirement in load_exercise("linreg-torch").requirement:
        assert requirement.title in text
    assert "grade exercise start linreg-torch" in text


def test_an_unknown_one_is_usage(run):
    for verb in ("show", "start"):
        done = run("exercise", verb, "nonsense")
        assert done.exit_code == 2
        assert "There are: linreg-torch" in done.stderr


def test_starting_one_puts_the_starter_and_the_text_there(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("exercise", "start", "linreg-torch")
    assert done.exit_code == 0
    folder = load_exercise("linreg-torch").folder
    assert Path("linreg-torch/loop.py").read_bytes() == (folder / "starter.py").read_bytes()
    assert Path("linreg-torch/README.md").read_bytes() == (folder / "README.md").read_bytes()
    assert "grade submit linreg-torch/loop.py" in done.output
    assert run("exercise", "start", "linreg-torch", "deep/er").exit_code == 0
    assert Path("deep/er/loop.py").is_file()


def test_nothing_is_overwritten(run, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "loop.py").write_text("mine")
    done = run("exercise", "start", "linreg-torch", str(mine))
    assert done.exit_code == 2
    assert "there already" in done.stderr
    assert (mine / "loop.py").read_text() == "mine"
    assert os.listdir(mine) == ["loop.py"]


def test_a_folder_that_cannot_be_made_is_usage(run, tmp_path):
    (tmp_path / "file").write_text("")
    done = run("exercise", "start", "linreg-torch", str(tmp_path / "file" / "below"))
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr
