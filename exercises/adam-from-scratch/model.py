"""What adam-from-scratch does with the student's class: runs in the sandbox."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sandbox.student import BadSignatureError, Student, line_of

ARGUMENTS = ("params", "lr", "betas", "eps")
RECORDED = (0, 1, 2, 4, 8, 16, 79)  # steps of the network's training


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, Any]:
    """The numbers of the cases, and a small network to train."""
    with np.load(io.BytesIO((data / "cases.npz").read_bytes()), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return {"model": _network(arrays), "arrays": arrays, "parameters": parameters}


def drive(student: Student, given: dict[str, Any]) -> None:
    """Step through the cases, then train the network."""
    arrays = given["arrays"]
    for case in ("plain", "small", "sparse"):
        values = [torch.from_numpy(arrays[f"{case}.p{k}"].copy()) for k in range(_count(arrays, case))]
        _follow(student, case, [value.requires_grad_() for value in values], arrays)
    line = nn.Linear(2, 3, dtype=torch.float64)
    with torch.no_grad():
        line.weight.copy_(torch.from_numpy(arrays["generator.p0"]))
        line.bias.copy_(torch.from_numpy(arrays["generator.p1"]))
    _follow(student, "generator", list(line.parameters()), arrays, lazy=True)
    _train(student, given["model"], arrays)


def _count(arrays: dict[str, Any], case: str) -> int:
    return sum(name.startswith(f"{case}.p") for name in arrays)


def _made(student: Student, params: Iterable[torch.Tensor], numbers: Any) -> Any:
    """An instance of the student's class.  Raises BadSignatureError when it lacks a method."""
    lr, beta1, beta2, eps = (float(number) for number in numbers)
    optimizer = student.call("Adam", params, lr, (beta1, beta2), eps, names=ARGUMENTS, record=False)
    for method in ("step", "zero_grad"):
        if not callable(getattr(optimizer, method, None)):
            where = line_of(student.get("Adam"))
            raise BadSignatureError(f"what `Adam(…)` gives has no method `{method}`", line=where)
    return optimizer


def _follow(
    student: Student, case: str, params: list[torch.Tensor], arrays: dict[str, Any], *, lazy: bool = False
) -> None:
    """Give gradients, step, and record the values after each step; see what zero_grad leaves."""
    optimizer = _made(student, (param for param in params) if lazy else params, arrays[f"{case}.numbers"])
    for step in range(len(arrays[f"{case}.g0"])):
        for number, param in enumerate(params):
            gradient = torch.from_numpy(arrays[f"{case}.g{number}"][step].copy())
            param.grad = None if gradient.isnan().any() else gradient
        optimizer.step()
        student.record("Adam", [param.detach().clone() for param in params], case=f"{case}/{step}")
        optimizer.zero_grad()
        left = [0.0 if param.grad is None else float(param.grad.abs().sum()) for param in params]
        student.record("Adam", left, case=f"{case}/zero_grad/{step}")
    values = [param.detach().clone() for param in params]
    student.record("Adam", values, case=f"{case}/{len(arrays[f'{case}.g0']) - 1}")


def _network(arrays: dict[str, Any]) -> nn.Sequential:
    """Two inputs, 16 hidden units, three classes, with the weights of the challenge."""
    layers = [nn.utils.skip_init(nn.Linear, *shape) for shape in ((2, 16), (16, 3))]  # type: ignore[no-untyped-call]
    parameters = [parameter for layer in layers for parameter in layer.parameters()]
    with torch.no_grad():
        for number, parameter in enumerate(parameters):
            parameter.copy_(torch.from_numpy(arrays[f"network.{number}"]))
    return nn.Sequential(layers[0], nn.Tanh(), layers[1])


def _train(student: Student, model: nn.Module, arrays: dict[str, Any]) -> None:
    x = torch.from_numpy(arrays["x"]).float()
    y = torch.from_numpy(arrays["y"])
    optimizer = _made(student, model.parameters(), (0.05, 0.9, 0.999, 1e-8))
    for step in range(80):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step in RECORDED:
            values = [parameter.detach().clone() for parameter in model.parameters()]
            student.record("network", values, case=f"network/{step}")
