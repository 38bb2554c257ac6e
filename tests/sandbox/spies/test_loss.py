"""The loss spies: which losses were called with what, and `.item()` in the student's own lines."""

from __future__ import annotations

import pytest

from sandbox import trace
from tests.sandbox.watching import LINE_OF_POINTS, line_of, watch

SCORES = """\
    import torch
    from torch import nn
    from torch.nn import functional as F
    torch.manual_seed(0)
    scores = torch.randn(6, 4, requires_grad=True)
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
"""


def call(loop: str) -> trace.LossCall:
    return watch(loop, setup=SCORES).one(trace.LossCall)


def test_a_loss_module_and_its_function_are_one_call() -> None:
    loop = "for step in range(5): nn.CrossEntropyLoss()(scores, labels)\n"
    found = call(loop)
    assert (found.name, found.reduction, found.calls, found.sampled) == ("cross_entropy", "mean", 5, 5)
    assert (found.input_shape, found.target_shape) == ([6, 4], [6])
    assert found.line == line_of("CrossEntropyLoss", loop, SCORES)
    assert found.probabilities == 0


def test_reduction_and_keywords_are_read() -> None:
    found = call("F.cross_entropy(input=scores, target=labels, reduction='sum')")
    assert (found.reduction, found.input_shape, found.target_shape) == ("sum", [6, 4], [6])


def test_probabilities_as_input_are_seen_and_their_rows_sum_to_one() -> None:
    found = call("for step in range(3): F.cross_entropy(scores.softmax(1), labels)")
    assert (found.probabilities, found.sampled) == (3, 3)
    assert found.row_sum == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    "inputs", ["scores", "scores.log_softmax(1)", "scores.sigmoid()", "scores.softmax(0)"]
)
def test_other_inputs_are_not_probabilities(inputs: str) -> None:
    assert call(f"F.cross_entropy({inputs}, labels)").probabilities == 0


def test_calls_on_what_is_no_number_any_more_are_not_looked_at() -> None:
    found = call("for factor in (1.0, 2.0, float('nan')): F.nll_loss(factor * scores, labels)")
    assert (found.calls, found.sampled, found.unnormalised) == (3, 2, 2)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("nn.MSELoss()(scores, torch.zeros(6, 4))", "mse_loss"),
        ("nn.L1Loss()(scores, torch.zeros(6, 4))", "l1_loss"),
        ("nn.SmoothL1Loss()(scores, torch.zeros(6, 4))", "smooth_l1_loss"),
        ("nn.HuberLoss()(scores, torch.zeros(6, 4))", "huber_loss"),
        ("nn.NLLLoss()(scores.log_softmax(1), labels)", "nll_loss"),
        ("nn.BCELoss()(scores.sigmoid(), torch.ones(6, 4))", "binary_cross_entropy"),
        ("nn.BCEWithLogitsLoss()(scores, torch.ones(6, 4))", "binary_cross_entropy_with_logits"),
        ("nn.KLDivLoss(reduction='batchmean')(scores.log_softmax(1), torch.ones(6, 4) / 4)", "kl_div"),
    ],
)
def test_every_usual_loss_has_its_name(code: str, name: str) -> None:
    assert call(code).name == name


def test_losses_without_gradients_are_not_training_losses() -> None:
    seen = watch("with torch.no_grad():\n    F.cross_entropy(scores, labels)\n", setup=SCORES)
    assert seen.of(trace.LossCall) == []
    assert seen.counts == {"l": 1}


def test_calls_at_different_lines_are_kept_apart() -> None:
    loop = "F.cross_entropy(scores, labels)\nfor _ in range(4):\n    F.cross_entropy(scores, labels)\n"
    found = watch(loop, setup=SCORES).of(trace.LossCall)
    assert [(item.line, item.calls) for item in found] == [(7, 1), (9, 4)]


def test_a_loss_of_the_wrong_shape_raises_what_it_raised_before() -> None:
    with pytest.raises(ValueError, match="Expected input batch_size"):
        watch("F.cross_entropy(scores, labels[:2])", setup=SCORES)


def test_the_row_of_a_loss_tells_its_reduction_and_rows() -> None:
    loop = """
        F.cross_entropy(scores.softmax(1), labels).backward()
        F.cross_entropy(scores, labels, reduction="sum").backward()
    """
    rows = watch(loop, setup=SCORES).rows("L")
    assert [(row.text, row.flags) for row in rows] == [("cross_entropy", "m"), ("cross_entropy", "s")]
    assert {row.rows for row in rows} == {6}
    assert [row.value for row in rows] == [pytest.approx(1.3, abs=0.7), pytest.approx(8, abs=6)]


# ── .item() ──────────────────────────────────────────────────────────────────────────────────────


def test_items_of_the_students_own_lines_are_counted_with_their_steps() -> None:
    loop = """
        for step, (xb, yb) in enumerate(DataLoader(data, 2)):
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            if step % 2 == 0:
                a = loss.item() + loss.item()
    """
    seen = watch(loop).one(trace.Sync)
    assert (seen.calls, seen.steps, seen.line) == (12, 6, line_of("a = loss.item()", loop))


def test_items_that_torch_calls_itself_are_not_the_students() -> None:
    seen = watch("""
        amsgrad = torch.optim.Adam(model.parameters(), amsgrad=True)
        criterion(model(x), x).backward(); amsgrad.step(); str(model.weight); loss = float(model.weight.detach())
    """)
    assert seen.of(trace.Sync) == []


def test_the_file_of_points_itself_calls_no_item() -> None:
    assert ".item" not in LINE_OF_POINTS
    assert watch("pass").of(trace.Sync) == []
