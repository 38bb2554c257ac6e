"""Autograd spies: every way to differentiate is a beat, and does what it did before."""

from __future__ import annotations

import pytest

from sandbox import trace
from tests.sandbox.watching import watch


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        ("model(x).sum().backward()", {"F": 1, "B": 1}),
        ("torch.autograd.backward(model(x).sum())", {"F": 1, "B": 1}),
        ("torch.autograd.backward([model(x).sum(), model(x).mean()])", {"F": 2, "B": 1}),
        ("torch.autograd.backward(tensors=model(x).sum())", {"F": 1, "B": 1}),
        ("model(x).backward(torch.ones(24, 1))", {"F": 1, "B": 1}),
        ("torch.autograd.grad(model(x).sum(), model.weight)", {"F": 1, "A": 1}),
        ("torch.autograd.grad(outputs=model(x).sum(), inputs=[model.weight])", {"F": 1, "A": 1}),
        ("torch.autograd.grad([model(x).sum()], model.parameters())", {"F": 1, "A": 1}),
    ],
)
def test_every_way_to_differentiate_is_a_beat(code: str, counts: dict[str, int]) -> None:
    assert watch("x.requires_grad_()\n" + code).counts == counts


def test_gradients_of_gradients_work_as_before() -> None:
    seen = watch("""
        w = torch.tensor([3.0], requires_grad=True)
        (first,) = torch.autograd.grad(w**3, w, create_graph=True)
        (second,) = torch.autograd.grad(first, w)
    """)
    assert (float(seen.names["first"].detach()), float(seen.names["second"])) == (27.0, 18.0)
    assert seen.counts == {"A": 2}


def test_a_second_backward_raises_what_it_raised_before() -> None:
    with pytest.raises(RuntimeError, match="second time"):
        watch("loss = criterion(model(x), x); loss.backward(); loss.backward()")


def test_the_losses_that_were_differentiated_are_kept() -> None:
    seen = watch("""
        kept = []
        for xb, yb in DataLoader(data, 8):
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            kept.append(float(loss.detach()))
    """)
    losses = seen.one(trace.Losses)
    assert losses.first == losses.last == seen.names["kept"]
    assert [row.value for row in seen.rows("B")] == seen.names["kept"]
    assert (losses.count, losses.non_finite_at) == (3, -1)


def test_a_loss_that_is_not_finite_is_marked() -> None:
    losses = watch("(model(x).sum() / 0).backward()").one(trace.Losses)
    assert losses.non_finite_at == 0
    assert losses.non_finite_line == 8


# ── clips ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("call", "limit"),
    [
        ("nn.utils.clip_grad_norm_(model.parameters(), 0.5)", 0.5),
        ("nn.utils.clip_grad_norm_(model.parameters(), max_norm=2)", 2.0),
        ("torch.nn.utils.clip_grad.clip_grad_norm_(model.parameters(), 0.5)", 0.5),
    ],
)
def test_a_clip_is_a_beat_with_its_limit_and_the_norm_it_found(call: str, limit: float) -> None:
    seen = watch(f"""
        model(x).sum().backward()
        norm = float({call})
    """)
    (row,) = seen.rows("C")
    assert (row.extra, row.value, row.text) == (limit, seen.names["norm"], "clip_grad_norm_")
    assert max(abs(value) for value in trace.unpack_vector(row.before or "")) == 24.0


def test_a_clip_by_value_has_no_norm() -> None:
    (row,) = watch("model(x).sum().backward(); nn.utils.clip_grad_value_(model.parameters(), 0.1)").rows("C")
    assert (row.extra, row.value, row.text) == (0.1, None, "clip_grad_value_")


def test_steps_taken_by_hooks_inside_a_backward_are_told() -> None:
    seen = watch("""
        own = {p: torch.optim.SGD([p], lr=0.1) for p in model.parameters()}
        def step(p):
            own[p].step(); own[p].zero_grad()
        for p in model.parameters(): p.register_post_accumulate_grad_hook(step)
        for xb, yb in DataLoader(data, 8): criterion(model(xb), yb).backward()
    """)
    assert [row.rows for row in seen.rows("B")] == [2, 2, 2]
    assert seen.counts["S"] == 6


def test_a_leaf_found_in_the_graph_gets_a_number() -> None:
    seen = watch("w = torch.ones(3, requires_grad=True); (w * 2).sum().backward()")
    assert [3] in [param.shape for param in seen.of(trace.Param)]


def test_a_gradient_of_the_input_is_no_backward() -> None:
    seen = watch("""
        for xb, yb in DataLoader(data, 8):
            xb.requires_grad_()
            (slope,) = torch.autograd.grad(model(xb).sum(), xb)
    """)
    assert seen.counts == {"D": 3, "F": 3, "a": 3}
    assert seen.one(trace.Losses).count == 0
    assert seen.one(trace.End).trained_rows == 0


def test_a_reentrant_checkpoints_own_backward_is_no_beat() -> None:
    seen = watch("""
        from torch.utils.checkpoint import checkpoint
        checkpoint(model, x.requires_grad_(), use_reentrant=True).sum().backward()
    """)
    assert seen.counts["B"] == 1
