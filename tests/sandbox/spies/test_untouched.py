"""Bar: the spies change nothing.  Final weights and random states are the same bits with them and without."""

from __future__ import annotations

import hashlib
import random
import textwrap
from typing import Any

import numpy as np
import pytest
import torch

from tests.sandbox.watching import FILENAME, watch

SETUP = """\
    import random
    import numpy
    import torch
    from torch import nn
    from torch.nn import functional as F
    from torch.utils.data import DataLoader, TensorDataset
    x = torch.randn(40, 6)
    labels = torch.randint(3, (40,))
    data = TensorDataset(x, labels)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
    criterion = nn.CrossEntropyLoss()
"""
LOOP = """
optimizer = OPTIMIZER
for epoch in range(9):
    for xb, yb in DataLoader(data, 8, shuffle=True):
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        loss.item()
"""
CLOSURE = """
optimizer = OPTIMIZER
for epoch in range(4):
    for xb, yb in DataLoader(data, 8, shuffle=True):
        def closure():
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            return loss
        optimizer.step(closure)
"""
SGD = "torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)"
OPTIMIZERS = {
    "SGD": "torch.optim.SGD(model.parameters(), lr=0.1)",
    "SGD with momentum": SGD,
    "Nesterov": "torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)",
    "SGD, foreach": "torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, foreach=True)",
    "SGD, fused": "torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, fused=True)",
    "Adam": "torch.optim.Adam(model.parameters(), lr=0.01)",
    "Adam, foreach": "torch.optim.Adam(model.parameters(), lr=0.01, foreach=True)",
    "Adam, fused": "torch.optim.Adam(model.parameters(), lr=0.01, fused=True)",
    "AdamW": "torch.optim.AdamW(model.parameters(), lr=0.01)",
    "AdamW, foreach": "torch.optim.AdamW(model.parameters(), lr=0.01, foreach=True)",
    "AdamW, fused": "torch.optim.AdamW(model.parameters(), lr=0.01, fused=True)",
    "RMSprop": "torch.optim.RMSprop(model.parameters(), lr=0.01, momentum=0.5)",
    "Adagrad": "torch.optim.Adagrad(model.parameters(), lr=0.05)",
    "LBFGS": "torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4, line_search_fn='strong_wolfe')",
}
PLAIN_STEP = "optimizer.zero_grad(); criterion(model(xb), yb).backward(); optimizer.step()"
HABITS = {
    "dropout": "model.insert(2, nn.Dropout(0.3))\n" + LOOP,
    "worker processes": LOOP.replace("shuffle=True", "shuffle=True, num_workers=2").replace(
        "range(9)", "range(2)"
    ),
    "persistent workers": """
        optimizer = OPTIMIZER
        loader = DataLoader(data, 8, shuffle=True, num_workers=2, persistent_workers=True)
        for epoch in range(3):
            for xb, yb in loader: STEP
        del loader
        """,
    "accumulated": """
        optimizer = OPTIMIZER
        for number, (xb, yb) in enumerate(list(DataLoader(data, 4, shuffle=True)) * 8):
            (criterion(model(xb), yb) / 4).backward()
            if number % 4 == 3: optimizer.step(); optimizer.zero_grad()
        """,
    "clipped by norm": LOOP.replace(
        "optimizer.step()", "nn.utils.clip_grad_norm_(model.parameters(), 0.1); optimizer.step()"
    ),
    "clipped by value": LOOP.replace(
        "optimizer.step()", "nn.utils.clip_grad_value_(model.parameters(), 0.01); optimizer.step()"
    ),
    "closures": CLOSURE,
    "noise of every generator": LOOP.replace(
        "model(xb)", "model(xb + torch.rand(1) + random.random() + float(numpy.random.rand()))"
    ),
    "autograd.grad": """
        for step in range(80):
            found = torch.autograd.grad(criterion(model(x), labels), list(model.parameters()), create_graph=True)
            with torch.no_grad():
                for p, g in zip(model.parameters(), found): p -= 0.1 * g
        """,
    "cleared by hand": LOOP.replace(
        "optimizer.zero_grad()", "[setattr(p, 'grad', None) for p in model.parameters()]"
    ),
    "steps in hooks": """
        own = {p: torch.optim.SGD([p], lr=0.1, momentum=0.9) for p in model.parameters()}
        for p in own:
            p.register_post_accumulate_grad_hook(lambda p: own[p].step() or own[p].zero_grad())
        for epoch in range(9):
            for xb, yb in DataLoader(data, 8, shuffle=True): criterion(model(xb), yb).backward()
        """,
    "a schedule and an average": """
        optimizer = OPTIMIZER
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.3, total_steps=45)
        average = torch.optim.swa_utils.AveragedModel(model)
        for epoch in range(9):
            for xb, yb in DataLoader(data, 8, shuffle=True): STEP; schedule.step(); average.update_parameters(model)
        model = average.module
        """,
    "half precision under autocast": LOOP.replace("criterion(model(xb), yb)", "half(xb, yb)").replace(
        "optimizer = OPTIMIZER\n",
        "optimizer = OPTIMIZER\ndef half(xb, yb):\n"
        "    with torch.autocast('cpu', torch.bfloat16): return criterion(model(xb), yb)\n",
    ),
    "convolutions with batch norm": """
        x, data = torch.randn(40, 1, 8, 8), None
        data = TensorDataset(x, labels)
        model = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3)
        )
        optimizer = OPTIMIZER
        for epoch in range(8):
            model.train()
            for xb, yb in DataLoader(data, 8, shuffle=True): STEP
            model.eval()
            with torch.no_grad():
                for xb, yb in DataLoader(data, 20): model(xb).argmax(1).eq(yb).sum().item()
        """,
    "a recurrent layer": """
        cell, model = nn.LSTM(6, 5, batch_first=True), nn.Linear(5, 3)
        optimizer = torch.optim.Adam([*cell.parameters(), *model.parameters()])
        for step in range(60):
            optimizer.zero_grad()
            criterion(model(cell(x.view(40, 1, 6))[0][:, -1]), labels).backward()
            optimizer.step()
        """,
}


def fingerprint(loop: str, *, spied: bool) -> tuple[str, ...]:
    """sha256 of all tensors of the final model, and of the three global generators' states."""
    loop = textwrap.dedent(loop).replace("STEP", PLAIN_STEP).replace("OPTIMIZER", SGD)
    torch.manual_seed(11)
    np.random.seed(12)
    random.seed(13)
    if spied:
        seen = watch(loop, setup=SETUP, shapes=[[3, 8], [3]])
        names = seen.names
    else:
        names = {}
        exec(compile(textwrap.dedent(SETUP) + loop, FILENAME, "exec"), names)
    numpy_state: Any = np.random.get_state(legacy=True)
    parts = [
        *(tensor.detach().numpy().tobytes() for tensor in names["model"].state_dict().values()),
        torch.get_rng_state().numpy().tobytes(),
        repr((numpy_state[0], numpy_state[1].tolist(), numpy_state[2:])).encode(),
        repr(random.getstate()).encode(),
    ]
    return tuple(hashlib.sha256(part).hexdigest() for part in parts)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_weights_and_random_states_are_bit_identical_for_every_optimizer(optimizer: str) -> None:
    loop = (CLOSURE if "LBFGS" in optimizer else LOOP).replace("OPTIMIZER", optimizer)
    assert fingerprint(loop, spied=True) == fingerprint(loop, spied=False)


@pytest.mark.parametrize("loop", HABITS.values(), ids=HABITS)
def test_weights_and_random_states_are_bit_identical_for_every_habit(loop: str) -> None:
    assert fingerprint(loop, spied=True) == fingerprint(loop, spied=False)


def test_the_comparison_would_notice_one_random_number() -> None:
    spied = fingerprint(LOOP, spied=True)
    assert fingerprint("torch.rand(1)\n" + LOOP, spied=False) != spied
    assert fingerprint(LOOP + "\nrandom.random()", spied=False) != spied
