"""The feed log: rows are counted once per batch, and repeated inputs are told by their content."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sandbox import trace
from sandbox.spies.feed import fingerprint, period
from tests.sandbox.watching import watch


@given(st.lists(st.integers(0, 3), max_size=24))
def test_the_period_is_the_smallest_that_holds_throughout(values: list[int]) -> None:
    sizes = range(1, len(values) // 2 + 1)
    holds = [size for size in sizes if all(a == b for a, b in zip(values, values[size:], strict=False))]
    assert period(values) == (holds[0] if holds else 0)


def test_a_fingerprint_tells_contents_and_shapes_apart() -> None:
    batch = torch.arange(12.0)
    known = fingerprint(batch.reshape(3, 4))
    assert fingerprint(batch.clone().reshape(3, 4)) == known
    others = [batch.reshape(4, 3), (batch + 1).reshape(3, 4), batch.flip(0).reshape(3, 4)]
    assert known not in [fingerprint(other) for other in others]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.bool, torch.int64, torch.float16, torch.bfloat16])
def test_any_plain_type_has_a_fingerprint(dtype: torch.dtype) -> None:
    assert fingerprint(torch.ones(2, 3).to(dtype)) == fingerprint(torch.ones(2, 3).to(dtype))


def test_rows_are_those_of_the_batches_whatever_their_sizes() -> None:
    loop = "for xb, yb in DataLoader(data, 9): optimizer.zero_grad(); model(xb).sum().backward(); optimizer.step()"
    seen = watch(loop)
    assert seen.one(trace.End).trained_rows == 24
    assert seen.of(trace.Feed) == []  # a loader fed every step


def test_a_batch_that_was_only_evaluated_is_not_trained_on() -> None:
    seen = watch("""
        for xb, yb in DataLoader(data, 8):
            with torch.no_grad(): model(xb)
        for xb, yb in DataLoader(data, 4):
            optimizer.zero_grad(); model(xb).sum().backward(); optimizer.step()
            break
    """)
    assert seen.one(trace.End).trained_rows == 4


# ── whole loops: an epoch is 24 rows, however it is written ──────────────────────────────────────

LOOPS = {
    "plain": """
        for xb, yb in DataLoader(data, 8, shuffle=True):
            optimizer.zero_grad(); criterion(model(xb), yb).backward(); optimizer.step()
        """,
    "closure": """
        for xb, yb in DataLoader(data, 8):
            def closure():
                optimizer.zero_grad()
                loss = criterion(model(xb), yb)
                loss.backward()
                return loss
            optimizer.step(closure)
        """,
    "closure called thrice by LBFGS": """
        optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)
        for xb, yb in DataLoader(data, 8):
            def closure():
                optimizer.zero_grad()
                loss = criterion(model(xb), yb)
                loss.backward()
                return loss
            optimizer.step(closure)
        """,
    "sharpness-aware: two backwards on one batch": """
        optimizer.step()  # without gradients nothing happens
        for xb, yb in DataLoader(data, 8):
            criterion(model(xb), yb).backward()
            with torch.no_grad():
                moved = [p.grad.clone() * 0.05 for p in model.parameters()]
                for p, e in zip(model.parameters(), moved): p.add_(e)
            optimizer.zero_grad()
            criterion(model(xb), yb).backward()
            with torch.no_grad():
                for p, e in zip(model.parameters(), moved): p.sub_(e)
            optimizer.step(); optimizer.zero_grad()
        """,
    "one batch in chunks": """
        for xb, yb in DataLoader(data, 8):
            optimizer.zero_grad()
            for xs, ys in zip(xb.chunk(4), yb.chunk(4)):
                (criterion(model(xs), ys) / 4).backward()
            optimizer.step()
        """,
    "the next batch drawn ahead, and this one looked at twice": """
        batches = iter(DataLoader(data, 8))
        waiting = next(batches)
        while waiting is not None:
            (xb, yb), waiting = waiting, next(batches, None)
            optimizer.zero_grad(); model(xb); criterion(model(xb), yb).backward(); optimizer.step()
        """,
    "two losses of one forward": """
        for xb, yb in DataLoader(data, 8):
            optimizer.zero_grad()
            out = model(xb)
            criterion(out, yb).backward(retain_graph=True); out.square().mean().backward()
            optimizer.step()
        """,
    "slices by hand": """
        order = torch.randperm(24)
        for start in range(0, 24, 8):
            rows = order[start : start + 8]
            optimizer.zero_grad(); criterion(model(x[rows]), 3 * x[rows] - 1).backward(); optimizer.step()
        """,
    "accumulated": """
        for number, (xb, yb) in enumerate(DataLoader(data, 4)):
            (criterion(model(xb), yb) / 2).backward()
            if number % 2: optimizer.step(); optimizer.zero_grad()
        """,
    "model.forward": """
        for xb, yb in DataLoader(data, 8):
            optimizer.zero_grad(); criterion(model.forward(xb), yb).backward(); optimizer.step()
        """,
    "validated too": """
        for xb, yb in DataLoader(data, 8):
            optimizer.zero_grad(); criterion(model(xb), yb).backward(); optimizer.step()
        with torch.no_grad():
            for xb, yb in DataLoader(data, 8): criterion(model(xb), yb)
        """,
    "updated by hand": """
        for xb, yb in DataLoader(data, 8):
            criterion(model(xb), yb).backward()
            with torch.no_grad():
                for p in model.parameters(): p -= 0.1 * p.grad; p.grad = None
        """,
    "autograd.grad": """
        for xb, yb in DataLoader(data, 8):
            found = torch.autograd.grad(criterion(model(xb), yb), list(model.parameters()))
            with torch.no_grad():
                for p, g in zip(model.parameters(), found): p -= 0.1 * g
        """,
}


@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_an_epoch_is_its_rows_however_the_loop_is_written(loop: str, epochs: int) -> None:
    body = "\n".join(f"    {line[8:]}" for line in loop.splitlines())
    seen = watch(f"for epoch in range({epochs}):\n{body}\n")
    assert seen.one(trace.End).trained_rows == 24 * epochs


def test_slices_in_the_same_order_show_their_period() -> None:
    seen = watch("""
        for epoch in range(4):
            for start in range(0, 24, 8):
                xb = x[start : start + 8]
                optimizer.zero_grad(); criterion(model(xb), 3 * xb - 1).backward(); optimizer.step()
    """)
    feed = seen.one(trace.Feed)
    assert (feed.steps, feed.distinct, feed.period, feed.rows, feed.fresh) == (12, 3, 3, 8, 0)


def test_one_stored_batch_for_ever_has_one_fingerprint() -> None:
    seen = watch("""
        xb, yb = next(iter(DataLoader(data, 8)))
        for step in range(10):
            optimizer.zero_grad(); criterion(model(xb), yb).backward(); optimizer.step()
    """)
    feed = seen.one(trace.Feed)
    assert (feed.steps, feed.distinct, feed.period, feed.fresh) == (9, 1, 1, 1)


# ── what a loop evaluates, copies or looks at beside its training is not trained on ──────────────


def trained(loop: str) -> list[tuple[int, int]]:
    """Batches drawn and batches trained on, of every pass, in the order they began."""
    passes = sorted(watch(loop).of(trace.Pass), key=lambda item: item.id)
    return [(item.batches, item.trained) for item in passes]


@pytest.mark.parametrize(
    "evaluation", ["criterion(model(xv), yv)", "model.forward(xv)", "total = model(xv).sum().item()"]
)
def test_validation_beside_every_step_is_not_trained_on(evaluation: str) -> None:
    loop = f"""
        from itertools import cycle
        validation = cycle(DataLoader(data, 6))  # its pass begins here
        for (xb, yb), (xv, yv) in zip(DataLoader(data, 8), validation):
            optimizer.zero_grad(); criterion(model(xb), yb).backward(); optimizer.step()
            with torch.no_grad(): {evaluation}
    """
    assert trained(loop) == [(3, 0), (3, 3)]
    assert watch(loop).one(trace.End).trained_rows == 24


def test_validation_between_the_draw_and_the_step_is_not_trained_on() -> None:
    loop = """
        for (xb, yb), (xv, yv) in zip(DataLoader(data, 8), DataLoader(data, 6)):
            with torch.no_grad(): criterion(model(xv), yv)
            optimizer.zero_grad(); criterion(model(xb), yb).backward(); optimizer.step()
    """
    assert trained(loop) == [(3, 3), (3, 0)]


@pytest.mark.parametrize("name", ["updated by hand", "autograd.grad"])
def test_the_passes_of_updates_by_hand_are_trained_on(name: str) -> None:
    assert trained(LOOPS[name]) == [(3, 3)]


def test_validation_that_forgot_no_grad_is_not_trained_on() -> None:
    loop = """
        for (xb, yb), (xv, yv) in zip(DataLoader(data, 8), DataLoader(data, 6)):
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            held_out = criterion(model(xv), yv)
            loss.backward(); optimizer.step()
    """
    assert trained(loop) == [(3, 3), (3, 0)]


def test_two_batches_mixed_into_one_input_are_both_trained_on() -> None:
    loop = """
        for (xb, yb), (xc, yc) in zip(DataLoader(data, 8), DataLoader(data, 8, shuffle=True)):
            optimizer.zero_grad(); criterion(model((xb + xc) / 2), yb).backward(); optimizer.step()
    """
    assert trained(loop) == [(3, 3), (3, 3)]


def test_gradients_that_are_thrown_away_are_not_trained_on() -> None:
    """As in an adversarial evaluation, after training."""
    loop = """
        for xb, yb in DataLoader(data, 8):
            optimizer.zero_grad(); criterion(model(xb), yb).backward(); optimizer.step()
        for xb, yb in DataLoader(data, 6):
            criterion(model(xb.requires_grad_()), yb).backward()
            attacked = model(xb.detach() + 0.1 * xb.grad.sign())
        optimizer.zero_grad()
    """
    assert trained(loop) == [(3, 3), (4, 0)]


def test_gradients_cleared_before_another_backward_are_not_trained_on() -> None:
    """The same where the training loop clears at its end."""
    loop = """
        for epoch in range(2):
            for xb, yb in DataLoader(data, 8):
                criterion(model(xb), yb).backward(); optimizer.step(); optimizer.zero_grad()
            for xb, yb in DataLoader(data, 6):
                criterion(model(xb.requires_grad_()), yb).backward()
                optimizer.zero_grad()
    """
    assert trained(loop) == [(3, 3), (4, 0), (3, 3), (4, 0)]


def test_gradients_cleared_too_late_were_meant_to_be_trained_on() -> None:
    loop = """
        for xb, yb in DataLoader(data, 8):
            criterion(model(xb), yb).backward(); optimizer.zero_grad(); optimizer.step()
    """
    assert trained(loop) == [(3, 3)]


def test_an_attack_in_evaluation_mode_is_not_trained_on_but_its_batch_is() -> None:
    seen = watch("""
        model = nn.Sequential(nn.Linear(1, 4), nn.Dropout(0.5), nn.Linear(4, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for xb, yb in DataLoader(data, 8):
            model.eval()
            xb = xb.clone().requires_grad_()
            criterion(model(xb), yb).backward()
            model.train()
            optimizer.zero_grad()
            criterion(model((xb + 0.1 * xb.grad.sign()).detach()), yb).backward()
            optimizer.step()
    """)
    assert {use.mode: (use.calls, use.trained) for use in seen.of(trace.ForwardUse)} == {
        "e": (3, 0),
        "t": (3, 3),
    }
    assert seen.one(trace.Pass).trained == 3


@pytest.mark.parametrize("order", ["(xb, xb.clone())", "(xb.clone(), xb)", "(xb, xb + 0)"])
def test_a_copy_of_the_batch_within_a_step_counts_once(order: str) -> None:
    seen = watch(f"""
        optimizer.step()  # without gradients nothing happens
        for xb, yb in DataLoader(data, 8):
            optimizer.zero_grad()
            for part in {order}: criterion(model(part), yb).backward()
            optimizer.step()
    """)
    assert seen.one(trace.End).trained_rows == 24
    assert seen.one(trace.Pass).trained == 3


@pytest.mark.parametrize("again", ["xb", "xb.clone()"])
def test_a_batch_that_the_very_first_step_uses_twice_counts_once(again: str) -> None:
    seen = watch(f"""
        for xb, yb in DataLoader(data, 8):
            optimizer.zero_grad()
            criterion(model(xb), yb).backward()
            criterion(model({again}), yb).backward()
            optimizer.step()
    """)
    assert seen.one(trace.End).trained_rows == 24


@pytest.mark.parametrize("reentrant", [True, False])
def test_a_checkpointed_batch_counts_once(reentrant: bool) -> None:
    seen = watch(f"""
        from torch.utils.checkpoint import checkpoint
        for xb, yb in DataLoader(data, 8):
            optimizer.zero_grad()
            out = checkpoint(model, xb.requires_grad_(), use_reentrant={reentrant})
            criterion(out, yb).backward()
            optimizer.step()
    """)
    assert seen.one(trace.End).trained_rows == 24
    assert (seen.one(trace.Pass).trained, seen.counts["B"]) == (3, 3)
