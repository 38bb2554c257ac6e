"""Targets of a loss against the labels of the batch that the model was fed."""

from __future__ import annotations

import torch

from sandbox import trace
from sandbox.spies.labels import LabelLog
from tests.sandbox.watching import watch

CLASSES = """\
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset
    x = torch.randn(96, 2)
    data = TensorDataset(x, torch.arange(96) % 3)
    model, criterion = nn.Linear(2, 3), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""

LOOP = """
    for x, y in DataLoader(data, batch_size=16, shuffle=True):
        {before}
        optimizer.zero_grad()
        loss = criterion(model(x), {target})
        loss.backward()
        optimizer.step()
"""


def targets(target: str, before: str = "pass") -> trace.Targets:
    """What is recorded of a loop with these targets."""
    return watch(LOOP.format(target=target, before=before), setup=CLASSES).one(trace.Targets)


def test_the_batch_s_own_labels_agree() -> None:
    seen = targets("y")
    assert (seen.samples, seen.labels, seen.targets) == (96, 3, 3)
    assert seen.agreement == 1.0
    assert seen.permuted == 0


def test_smoothed_one_hot_rows_agree() -> None:
    assert targets("nn.functional.one_hot(y, 3) * 0.9 + 0.03").agreement == 1.0


def test_labels_by_other_names_agree() -> None:
    assert targets("(y + 1) % 3").agreement == 1.0


def test_constant_targets_are_one_kind() -> None:
    assert targets("torch.zeros_like(y)").targets == 1


def test_labels_in_another_order_are_permuted() -> None:
    seen = targets("y.sort().values")
    assert seen.permuted > seen.calls / 2
    assert seen.agreement < 0.75


def test_targets_that_count_the_rows_are_told() -> None:
    seen = watch(
        """
        for x, y in DataLoader(data, batch_size=3):
            loss = criterion(model(x), torch.arange(3))
            loss.backward()
        """,
        setup=CLASSES,
    ).one(trace.Targets)
    assert seen.counting == seen.calls


def test_changed_inputs_are_not_compared() -> None:
    changed = watch(LOOP.format(target="y", before="x = x * 2"), setup=CLASSES)
    assert changed.of(trace.Targets) == []
    in_place = watch(LOOP.format(target="y", before="x += 1"), setup=CLASSES)
    assert in_place.of(trace.Targets) == []


def test_measured_labels_are_known_by_their_order_alone() -> None:
    log = LabelLog()
    for _ in range(4):
        batch, labels = torch.randn(16, 1), torch.randn(16, 1)
        log.drawn([batch, labels])
        log.compared("mse_loss", 1, labels.squeeze(1), batch.data_ptr())
    (seen,) = log.records()
    assert seen.agreement == -1.0
    assert seen.permuted == 0
