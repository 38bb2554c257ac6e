"""Steps told by a short comparison leave the very trace that they leave when each is told in full."""

from __future__ import annotations

import json
import textwrap
from functools import cache
from typing import Any

import pytest
import torch

from sandbox import trace
from sandbox.spies.recorder import Recorder
from sandbox.spies.steady import Steady
from tests.sandbox.watching import Seen, watch

pytestmark = pytest.mark.xdist_group("steady")

SETUP = """\
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset
    torch.manual_seed(3)
    x = torch.randn(720, 4)
    y = x @ torch.tensor([[1.0], [2.0], [-1.0], [0.5]])
    data = TensorDataset(x, y)
    loader = DataLoader(data, batch_size=8, shuffle=True)
    model, criterion = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 1)), nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
"""

PLAIN = """\
    for epoch in range(4):
        for xb, yb in loader:
            {begin}optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step(){end}
"""
EVERY = "if {condition}:\n                {what}\n            "


def plain(begin: str = "", end: str = "") -> str:
    """The plain loop with something more at the begin or the end of each step."""
    return textwrap.dedent(PLAIN).format(begin=begin, end=end and "\n        " + end)


def sometimes(what: str, condition: str = "int(100 * float(xb[0, 0])) % 23 == 5") -> str:
    """Something that is done at some steps before the rest."""
    return f"if {condition}:\n            {what}\n        "


LOOPS = {
    "plain": plain(),
    "another forward now and then": plain(sometimes("criterion(model(xb), yb)")),
    "another backward now and then": plain(sometimes("criterion(model(xb), yb).backward()")),
    "another step now and then": plain(sometimes("optimizer.step()")),
    "no step now and then": plain(sometimes("continue")),
    "an evaluation now and then": plain(sometimes("with torch.no_grad(): criterion(model(xb), yb)")),
    "evaluation mode now and then": plain(sometimes("model.train(not model.training)")),
    "one layer's mode now and then": plain(sometimes("model[2].train(not model[2].training)")),
    "another line's loss now and then": plain(
        sometimes("criterion(model(xb), yb)"), "criterion(model(xb), yb)"
    ),
    "a draw from elsewhere now and then": plain(sometimes("xb, yb = next(iter(loader))")),
    "a copy of the batch now and then": plain(sometimes("xb = xb + 0")),
    "a shorter batch now and then": plain(sometimes("xb, yb = xb[:4], yb[:4]")),
    "a clip": plain(end="torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)"),
    "a rate set now and then": plain(sometimes('optimizer.param_groups[0]["lr"] *= 0.9')),
    "a group added once": plain(
        sometimes(
            'optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(1))]})',
            "len(optimizer.param_groups) < 2 and epoch == 2",
        )
    ),
    "gradients made zero now and then": plain(sometimes("optimizer.zero_grad(set_to_none=False)")),
    "cleared in another way now and then": plain().replace(
        "zero_grad()", "zero_grad(set_to_none=int(100 * float(xb[0, 0])) % 23 != 5)"
    ),
    "a graph kept now and then": plain().replace(
        "backward()", "backward(retain_graph=int(100 * float(xb[0, 0])) % 23 == 5)"
    ),
    "a loss weighted now and then": plain().replace(
        "backward()", "backward(torch.tensor(2.0) if int(100 * float(xb[0, 0])) % 23 == 5 else None)"
    ),
    "gradients asked for now and then": plain(
        sometimes("torch.autograd.grad(criterion(model(xb), yb), list(model.parameters()))")
    ),
    "another optimizer cleared now and then": """\
        other = torch.optim.SGD(model.parameters(), lr=0.1)
        for epoch in range(4):
            for number, (xb, yb) in enumerate(loader):
                (other if number % 50 > 47 else optimizer).zero_grad()
                criterion(model(xb), yb).backward()
                optimizer.step()
    """,
    "optimizers made anew": """\
        made = []
        for epoch in range(4):
            for number, (xb, yb) in enumerate(loader):
                if number % 40 == 39:
                    made.append(optimizer)
                    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
                optimizer.zero_grad()
                criterion(model(xb), yb).backward()
                optimizer.step()
    """,
    "batches moved": plain("xb, yb = xb * 1.0, yb * 1.0\n        "),
    "a scheduler": "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 50)\n"
    + plain(end="scheduler.step()"),
    "accumulation": """\
        for epoch in range(6):
            for number, (xb, yb) in enumerate(loader):
                (criterion(model(xb), yb) / 4).backward()
                if number % 4 == 3:
                    optimizer.step()
                    optimizer.zero_grad()
    """,
    "accumulation, now and then of two": """\
        for epoch in range(6):
            for number, (xb, yb) in enumerate(loader):
                (criterion(model(xb), yb) / 4).backward()
                if number % 4 == 3 or number in (70, 71, 90):
                    optimizer.step()
                    optimizer.zero_grad()
    """,
    "closures": """\
        for epoch in range(4):
            for xb, yb in loader:
                def closure():
                    optimizer.zero_grad()
                    loss = criterion(model(xb), yb)
                    loss.backward()
                    return loss
                optimizer.step(closure)
    """,
    "two optimizers in turn": """\
        other = torch.optim.Adam(model.parameters())
        for epoch in range(4):
            for number, (xb, yb) in enumerate(loader):
                model.zero_grad()
                criterion(model(xb), yb).backward()
                (other if number % 50 > 40 else optimizer).step()
    """,
    "batches left in a loader": """\
        for epoch in range(4):
            for number, (xb, yb) in enumerate(loader):
                if number == 60:
                    break
                optimizer.zero_grad()
                criterion(model(xb), yb).backward()
                optimizer.step()
    """,
    "workers": """\
        loader = DataLoader(data, batch_size=8, shuffle=True, num_workers=2)
        for epoch in range(2):
            for xb, yb in loader:
                optimizer.zero_grad()
                criterion(model(xb), yb).backward()
                optimizer.step()
    """,
    "a loss by hand": """\
        for epoch in range(4):
            for xb, yb in loader:
                optimizer.zero_grad()
                ((model(xb) - yb) ** 2).mean().backward()
                optimizer.step()
    """,
    "validation": """\
        for epoch in range(4):
            model.train()
            for xb, yb in loader:
                optimizer.zero_grad()
                criterion(model(xb), yb).backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                for xb, yb in DataLoader(data, batch_size=100):
                    criterion(model(xb), yb)
    """,
    "it crashes": plain(sometimes("1 / 0", "epoch == 2")),
}


def account(seen: Seen) -> list[str]:
    """Every record of a run as text, without the seconds that passed."""
    told = []
    for record in seen.records:
        if isinstance(record, trace.Progress):
            continue
        told.append(
            json.loads(trace.encode(record)) | ({"seconds": 0} if isinstance(record, trace.End) else {})
        )
    return [json.dumps(record, sort_keys=True) for record in told]


def run(loop: str, *, silent: bool = False) -> Seen:
    torch.manual_seed(3)
    dedented = textwrap.dedent(loop)
    guarded = "try:\n" + textwrap.indent(dedented, "    ") + "\nexcept ZeroDivisionError:\n    pass\n"
    return watch(guarded, setup=SETUP, shapes=[[8, 4], [8], [1, 8], [1]], silent=silent)


@cache
def accounted(name: str, silent: bool) -> list[str]:
    """The account of one of the loops, run as any other is."""
    return account(run(LOOPS[name], silent=silent))


@pytest.mark.parametrize("silent", [False, True], ids=["told", "silent"])
@pytest.mark.parametrize("name", LOOPS)
def test_the_trace_is_the_same(name: str, silent: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    steady = accounted(name, silent)
    monkeypatch.setattr(Steady, "_enter", lambda *_: None)
    assert steady == account(run(LOOPS[name], silent=silent))
    assert not any('"Failure"' in record for record in steady)


@pytest.mark.parametrize(
    "name", ["plain", "a clip", "a scheduler", "accumulation", "closures", "batches moved"]
)
def test_most_steps_are_told_by_a_comparison(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = 0
    in_full = Recorder.stepped

    def stepped(recorder: Recorder, params: Any) -> None:
        nonlocal told
        told += 1
        in_full(recorder, params)

    monkeypatch.setattr(Recorder, "stepped", stepped)
    seen = run(LOOPS[name])
    assert told < 0.6 * seen.one(trace.End).steps
