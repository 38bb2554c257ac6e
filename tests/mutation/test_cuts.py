"""Runs that are cut: what is left of them, and what the oracle says of loops that go on from it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from grader.exercise import load_exercise, slugs
from tests.mutation.cuts import CUT_OFF, Cut, cuts, stated, wanted
from tests.mutation.oracle import Oracle

SLUG = "checkpoint-resume"
LOOP = (load_exercise(SLUG).reference / "solution.py").read_text()


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle(SLUG)


def left_by(cut: Cut, folder: Path) -> set[str]:
    """The files that a small run leaves in a folder, each with its size (or that it is longer than a cut one)."""
    child = os.fork()
    if not child:
        try:
            os.chdir(folder)
            with cut.inside():
                _train()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    return {f"{path.name} {min(path.stat().st_size, CUT_OFF + 1)}" for path in folder.iterdir()}


def _train() -> None:
    layer = torch.nn.Linear(30, 30)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.zeros(3, 30)))
    for _ in range(4):
        for (batch,) in loader:
            layer(batch).sum().backward()
            optimizer.step()
            with open("steps", "a") as file:
                file.write("s")
        torch.save(layer.state_dict(), "new")
        os.replace("new", "state")


WHOLE = f"state {CUT_OFF + 1}"


@pytest.mark.parametrize(
    ("cut", "left"),
    [
        (Cut("pass", 1), set()),
        (Cut("pass", 3), {"steps 6", WHOLE}),
        (Cut("step", 2), {"steps 1"}),
        (Cut("step", 6), {"steps 5", WHOLE}),
        (Cut("write", 1), {"steps 3", f"new {CUT_OFF}"}),
        (Cut("write", 3), {"steps 9", f"new {CUT_OFF}", WHOLE}),
        (Cut("move", 2), {"steps 6", f"new {CUT_OFF + 1}", WHOLE}),
        (Cut("end"), {"steps 12", WHOLE}),
    ],
)
def test_a_process_ends_at_its_moment(cut: Cut, left: set[str], tmp_path: Path) -> None:
    assert left_by(cut, tmp_path) == left


@pytest.mark.parametrize("epochs", range(4, 12))
def test_every_moment_lies_between_the_first_epoch_and_the_end(epochs: int) -> None:
    for cut in cuts(epochs, 9):
        assert cut.at in ("step", "end") or 2 <= cut.number < epochs
        assert cut.at != "step" or 9 < cut.number < 9 * epochs
        assert cut.name


def test_only_an_exercise_about_resuming_wants_cuts() -> None:
    assert [slug for slug in slugs() if wanted(load_exercise(slug))] == [SLUG]


def test_a_function_gets_what_its_signature_names(tmp_path: Path) -> None:
    given = dict.fromkeys(("model", "loader", "criterion", "optimizer", "scheduler", "epochs"), 1)
    path = str(tmp_path / "new" / "file")
    assert stated(load_exercise(SLUG), {"again": 3, **given, "path": path}) == [1] * 6 + [path]
    assert (tmp_path / "new").is_dir()


SAVED = '        torch.save(checkpoint, path + ".new")\n        os.replace(path + ".new", path)\n'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('        model.load_state_dict(checkpoint["model"])\n', ""),
        ('        optimizer.load_state_dict(checkpoint["optimizer"])\n', ""),
        ('        scheduler.load_state_dict(checkpoint["scheduler"])\n', ""),
        ('checkpoint["epoch"] + 1', 'checkpoint["epoch"]'),
        ("        scheduler.step()\n", ""),
        (SAVED, "        torch.save(checkpoint, path)\n"),
        (SAVED, "        if os.path.exists(path):\n            os.remove(path)\n" + SAVED),
        (SAVED, "    torch.save(checkpoint, path)\n"),
    ],
)
def test_a_run_that_does_not_go_on_as_it_should_is_bad(oracle: Oracle, old: str, new: str) -> None:
    source = LOOP.replace(old, new)
    if old == "        scheduler.step()\n":
        source += old  # behind the save
    assert source != LOOP
    judged = oracle.judge(LOOP, source)
    assert judged.bad, judged
    assert "cut" in judged.reason


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        loader.set_epoch(epoch)\n", "        loader.set_epoch(epoch)\n" * 2),
        (SAVED, SAVED * 2),
        (SAVED, '        torch.save(checkpoint, path + "2")\n' + SAVED),
        ("            optimizer.step()\n", "            optimizer.step()\n            loss.item()\n"),
    ],
)
def test_a_run_that_goes_on_as_it_should_is_not_bad(oracle: Oracle, old: str, new: str) -> None:
    source = LOOP.replace(old, new)
    assert source != LOOP
    judged = oracle.judge(LOOP, source)
    assert not judged.bad, judged
