"""Loads of state dicts, modes of forwards, and the ends of passes over held-out loaders."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from sandbox import trace
from sandbox.results import digest
from sandbox.spies import install
from sandbox.spies.recorder import Recorder
from tests.sandbox.watching import watch

STEP = """
    import copy
    def step():
        optimizer.zero_grad()
        criterion(model(data.tensors[0]), data.tensors[1]).backward()
        optimizer.step()
"""
NEVER_TOLD = ["?", "", "weights that are loaded"]
FROZEN = """
    model = nn.Sequential(nn.Linear(1, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
"""


@pytest.mark.parametrize(
    ("kept", "shared", "changed"),
    [("model.state_dict()", 2, False), ("copy.deepcopy(model.state_dict())", 0, True)],
)
def test_a_load_tells_an_alias_from_a_copy(kept: str, shared: int, changed: bool) -> None:
    seen = watch(f"{STEP}    step()\n    best = {kept}\n    step()\n    model.load_state_dict(best)\n")
    load = seen.one(trace.StateLoad)
    assert (load.shared, load.changed, load.at_step) == (shared, changed, 2)
    assert load.line > 0
    assert load.sha256 == digest(seen.names["model"])


@pytest.mark.parametrize(
    ("given", "change", "told"),
    [(True, True, True), (True, False, False), (False, True, False)],
    ids=["the exercise's", "by nothing", "the file's own"],
)
def test_weights_of_the_exercise_s_model_that_a_load_changes_cannot_be_told(
    given: bool, change: bool, told: bool
) -> None:
    recorder = Recorder(trace.Writer(lambda _: None), "loop.py")
    spies = install(recorder)
    try:
        recorder.registry.given = given
        model = torch.nn.Linear(1, 1)
        model(torch.zeros(1, 1))
        recorder.registry.given = False
        state = {name: tensor + change for name, tensor in model.state_dict().items()}
        model.load_state_dict(state)
    finally:
        spies.remove()
    assert (NEVER_TOLD in recorder.script.ops) is told


@pytest.mark.parametrize(
    ("setting", "mode", "grad"),
    [
        ("model.train()", "t", True),
        ("model.eval()", "e", True),
        ("model[1].eval()", "f", True),
        ("model.eval(); model.requires_grad_(False)", "e", False),
        ("model.training = False", "t", True),
    ],
)
def test_a_forward_tells_its_mode(setting: str, mode: str, grad: bool) -> None:
    seen = watch(f"{FROZEN}    {setting}\n    model(data.tensors[0])\n")
    use = seen.one(trace.ForwardUse)
    assert (use.mode, use.grad, use.layers) == (mode, grad, ["BatchNorm1d"])


@pytest.mark.parametrize("way", ["loop", "counted", "own loader"])
def test_the_end_of_a_pass_is_told_once_however_it_is_reached(way: str) -> None:
    recorder = Recorder(trace.Writer(lambda _: None), "loop.py")
    spies = install(recorder)
    ended: list[int] = []
    try:
        given = DataLoader(TensorDataset(torch.zeros(6, 1)), batch_size=4)
        spies.when_exhausted(given, ended.append)
        loader = DataLoader(given.dataset, batch_size=3) if way == "own loader" else given
        batches = iter(loader)
        next(batches)
        assert ended == []
        for _ in batches if way != "counted" else [next(batches)]:
            pass
    finally:
        spies.remove()
    assert ended == [1 if way == "own loader" else 0]
