"""`grade exercise`: what there is, what one asks for, and a place to begin that overwrites nothing."""

import os
from pathlib import Path

import pytest

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
        assert "There are: adam-from-scratch" in done.stderr


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


def test_a_new_exercise_is_as_it_promises(run, tmp_path):
    done = run("exercise", "new", str(tmp_path / "second-line"))
    assert done.exit_code == 0
    assert "grade exercise check" in done.output
    checked = run("exercise", "check", str(tmp_path / "second-line"), "--sandbox", "local")
    assert checked.exit_code == 0, checked.output
    assert "second-line: all 5 files as promised." in checked.output


def test_what_is_not_as_promised_ends_with_one(run, tmp_path):
    run("exercise", "new", str(tmp_path / "third-line"))
    bugs = tmp_path / "third-line" / "reference" / "bugs"
    wrong = bugs / "missing_zero_grad.py"
    wrong.write_text(wrong.read_text().replace("# expect: missing-zero-grad", "# expect: double-step"))
    (bugs / "step_before_backward.py").unlink()
    checked = run("exercise", "check", "third-line", "--exercises", str(tmp_path), "--sandbox", "local")
    assert checked.exit_code == 1
    assert "1 of 4 files not as promised" in checked.output


def test_a_task_that_raises_is_named_by_file_line_and_function(run, tmp_path):
    run("exercise", "new", str(tmp_path / "fourth-line"))
    task = tmp_path / "fourth-line" / "task.py"
    task.write_text(
        task.read_text().replace("slope, intercept = random", "1 / 0\n    slope, intercept = random")
    )
    checked = run("exercise", "check", str(tmp_path / "fourth-line"), "--sandbox", "local")
    assert checked.exit_code == 1
    text = "".join(checked.output.split())
    assert "task.py:line" in text
    assert "indraw:ZeroDivisionError" in text


@pytest.mark.parametrize("name", ["Upper", "under_score", "1st", "a--b"])
def test_a_name_that_cannot_be_a_slug_is_usage(run, tmp_path, name):
    done = run("exercise", "new", str(tmp_path / name))
    assert done.exit_code == 2
    assert "cannot be an exercise's name" in done.stderr


def test_a_new_exercise_overwrites_nothing(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("x")
    done = run("exercise", "new", str(tmp_path / "mine"))
    assert done.exit_code == 2
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["file"]
