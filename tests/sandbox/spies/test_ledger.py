"""The ledger: its rows hold the true gradients and values, its windows open and close, it stays small."""

from __future__ import annotations

import gc
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from sandbox import trace
from sandbox.spies import ledger
from tests.sandbox.watching import Seen, watch

PLAIN = """
for epoch in range(EPOCHS):
    for xb, yb in DataLoader(data, 8):
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
"""
DOUBLE = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
x = torch.linspace(-1, 1, 24, dtype=torch.float64).unsqueeze(1)
data = TensorDataset(x, 3 * x - 1)
model, criterion = nn.Linear(1, 1).double(), nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with torch.no_grad():
    model.weight.fill_(0.5); model.bias.fill_(0.25)
"""


def vector(text: str | None) -> np.ndarray[Any, Any]:
    assert text is not None
    return np.array(trace.unpack_vector(text))


def by_hand(steps: int, rate: float = 0.1) -> list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """(gradient, values before the step) of each step of the plain loop from w = 0.5, b = 0.25."""
    x = np.linspace(-1, 1, 24)
    state, found = np.array([0.5, 0.25]), []
    for step in range(steps):
        rows = x[step % 3 * 8 :][:8]
        error = state[0] * rows + state[1] - (3 * rows - 1)
        gradient = np.array([2 * np.mean(error * rows), 2 * np.mean(error)])
        found.append((gradient, state))
        state = state - rate * gradient
    return found


def test_the_rows_hold_the_gradients_and_values_worked_out_by_hand() -> None:
    seen = watch(PLAIN, setup=DOUBLE, EPOCHS=4)
    backwards, begun, ended = seen.rows("B"), seen.rows("s"), seen.rows("S")
    assert len(backwards) == len(begun) == len(ended) == 12
    assert all(place == [0] for layout in seen.of(trace.Layout) for _, place in layout.coordinates)
    for step, (gradient, values) in enumerate(by_hand(12)):
        assert backwards[step].step == begun[step].step == step
        assert np.allclose(vector(backwards[step].after), gradient, rtol=1e-12, atol=1e-14)
        if step:  # the very first backward chooses the coordinates
            assert not vector(backwards[step].before).any()
        assert np.allclose(vector(begun[step].before), gradient, rtol=1e-12, atol=1e-14)
        assert np.allclose(vector(begun[step].params), values, rtol=1e-12, atol=1e-14)
        assert np.allclose(vector(ended[step].params), values - 0.1 * gradient, rtol=1e-12, atol=1e-14)
        assert begun[step].rates == [0.1]


def test_without_zero_grad_the_rows_show_what_is_carried() -> None:
    loop = PLAIN.replace("        optimizer.zero_grad()\n", "")
    rows = watch(loop, setup=DOUBLE, EPOCHS=3).rows("B")
    assert len(rows) == 9
    for earlier, later in pairwise(rows):
        assert np.array_equal(vector(later.before), vector(earlier.after))
        assert vector(later.before).any()


def test_clearing_between_backward_and_step_leaves_the_step_nothing() -> None:
    loop = PLAIN.replace("loss.backward()\n", "loss.backward(); optimizer.zero_grad()\n")
    seen = watch(loop, setup=DOUBLE, EPOCHS=2)
    assert not any(vector(row.before).any() for row in seen.rows("s"))
    assert all(vector(row.after).any() for row in seen.rows("B"))
    assert {tuple(vector(row.params)) for row in seen.rows("sS")} == {(0.5, 0.25)}


def test_autograd_grad_shows_the_gradients_it_gave() -> None:
    seen = watch(
        """
        for xb, yb in DataLoader(data, 8):
            found = torch.autograd.grad(criterion(model(xb), yb), list(model.parameters()))
            with torch.no_grad():
                for p, g in zip(model.parameters(), found): p -= 0.1 * g
        """,
        setup=DOUBLE,
    )
    rows = seen.rows("A")
    assert len(rows) == 3
    for row, (gradient, values) in zip(rows, by_hand(3), strict=True):
        assert np.allclose(vector(row.after), gradient, rtol=1e-12, atol=1e-14)
        assert np.allclose(vector(row.params), values, rtol=1e-12, atol=1e-14)


def test_raw_tensors_without_a_module_are_followed() -> None:
    seen = watch(
        """
        w = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
        b = torch.tensor([0.25], dtype=torch.float64, requires_grad=True)
        for xb, yb in DataLoader(data, 8):
            ((w * xb + b - yb) ** 2).mean().backward()
            with torch.no_grad():
                for p in (w, b): p -= 0.1 * p.grad; p.grad = None
        """,
        setup=DOUBLE,
    )
    for row, (gradient, _) in zip(seen.rows("B"), by_hand(3), strict=True):
        assert sorted(vector(row.after)) == pytest.approx(sorted(gradient), rel=1e-12)


def test_a_large_parameter_is_sampled_at_its_largest_gradients() -> None:
    seen = watch("""
        wide = nn.Linear(300, 1)
        grads = torch.zeros(300); grads[[7, 70, 170, 270, 299]] = torch.tensor([5.0, -9, 3, 4, -7])
        (wide(torch.ones(1, 300)) * 0 + (wide.weight * grads).sum()).sum().backward()
    """)
    (layout,) = seen.of(trace.Layout)
    places = dict(layout.coordinates)[next(p.id for p in seen.of(trace.Param) if p.shape == [1, 300])]
    assert {7, 70, 170, 270, 299} <= set(places)
    assert len(places) <= ledger.LARGEST + ledger.RANDOM


def test_every_window_closes_with_a_last_look_at_the_values() -> None:
    seen = watch(PLAIN, EPOCHS=60)
    windows = sorted({row.window for row in seen.of(trace.Row)})
    assert windows == list(range(len(windows)))
    assert len(windows) > 2
    for window in windows:
        rows = [row for row in seen.of(trace.Row) if row.window == window]
        assert [row.beat for row in rows].count("V") == 1
        assert rows[-1].beat == "V"
        assert [layout.window for layout in seen.of(trace.Layout)].count(window) == 1


def test_the_first_window_sees_the_first_steps_and_then_reading_grows_rare() -> None:
    seen = watch(PLAIN, EPOCHS=700)
    steps = [row.step for row in seen.rows("S")]
    assert steps[: ledger.FIRST_WINDOW] == list(range(ledger.FIRST_WINDOW))
    assert len(steps) < 2100 / 10
    assert max(steps) > 1000


def test_a_change_in_the_order_of_beats_opens_a_window() -> None:
    loop = PLAIN.replace("optimizer.zero_grad()", "epoch == 23 or optimizer.zero_grad()")
    seen = watch(loop, EPOCHS=24)
    assert not any(row.step >= 69 for row in watch(PLAIN, EPOCHS=24).rows("B") if row.window < 2)
    assert [row.step for row in seen.rows("B") if row.step >= 69] == [70, 71]


def test_a_window_of_many_beats_stays_bounded() -> None:
    seen = watch("""
        for step in range(4):
            optimizer.zero_grad()
            for xb, yb in DataLoader(data, 1):
                for again in range(10):
                    (criterion(model(xb), yb) / 240).backward()
            optimizer.step()
    """)
    per_window = [sum(row.window == window for row in seen.of(trace.Row)) for window in range(4)]
    assert max(per_window) <= ledger.MAX_ROWS


def test_a_million_parameters_and_a_hundred_tensors_stay_small() -> None:
    seen = watch("""
        deep = nn.Sequential(*[nn.Linear(100, 100) for _ in range(100)])
        for step in range(30):
            deep.zero_grad(); deep(torch.ones(2, 100)).sum().backward()
    """)
    assert sum(len(trace.encode(record)) for record in seen.records) < 1 << 19
    assert all(len(layout.coordinates) <= ledger.MAX_TENSORS for layout in seen.of(trace.Layout))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_every_precision_is_read(dtype: str) -> None:
    seen = watch(f"""
        model = nn.Linear(1, 1).to(torch.{dtype})
        model(x.to(torch.{dtype})).sum().backward()
    """)
    (row,) = seen.rows("B")
    assert vector(row.after)[1] == 24.0
    assert row.after is not None
    assert row.after[0] == ("d" if dtype == "float64" else "f")


def test_a_sparse_gradient_is_read_too() -> None:
    seen = watch("""
        table = nn.Embedding(4, 1, sparse=True)
        table(torch.tensor([1, 1, 3])).sum().backward()
    """)
    (row,) = seen.rows("B")
    assert list(vector(row.after)) == [0.0, 2.0, 0.0, 1.0]


# ── graphs that stay alive ───────────────────────────────────────────────────────────────────────


def alive(loop: str) -> tuple[int, int]:
    """The longest streak of graphs alive, and how many there were, in the first window."""
    gc.collect()
    seen: Seen = watch(loop, EPOCHS=5)
    first = seen.of(trace.Live)[0]
    return first.alive, first.attached


def test_a_loop_that_keeps_no_graph_has_at_most_two_alive() -> None:
    assert alive(PLAIN)[0] <= 2


def test_a_running_total_with_its_graph_keeps_all_of_them_alive() -> None:
    leaking = PLAIN.replace("loss.backward()", "total = total + loss; loss.backward()")
    assert alive("total = 0\n" + leaking) == (15, 15)


def test_a_window_that_runs_out_of_rows_still_tells_how_long_its_graphs_lived() -> None:
    loop = """
        kept = []
        for step in range(8):
            optimizer.zero_grad()
            parts = [criterion(model(xb), yb) for xb, yb in DataLoader(data, 1)]
            kept.append(sum(parts))
            kept[-1].backward()
            optimizer.step()
    """
    together, marked = alive(loop)
    assert together == marked >= 2


def test_a_list_of_losses_keeps_all_of_them_alive() -> None:
    assert alive("kept = []\n" + PLAIN.replace("loss.backward()", "kept.append(loss); loss.backward()")) == (
        15,
        15,
    )


def test_a_running_total_of_numbers_keeps_none() -> None:
    counted = PLAIN.replace("loss.backward()", "total = total + loss.item(); loss.backward()")
    assert alive("total = 0\n" + counted)[0] <= 2
