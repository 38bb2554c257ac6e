"""A multilayer perceptron in NumPy, as it should be and with each known slip: the reference of mlp-backprop."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Params = list[tuple[Floats, Floats]]


def softmax(scores: Floats, axis: int = 1) -> Floats:
    """Probabilities along an axis."""
    powers: Floats = np.exp(scores - scores.max(axis=axis, keepdims=True))
    probabilities: Floats = powers / powers.sum(axis=axis, keepdims=True)
    return probabilities


def _hidden(scores: Floats, slip: str) -> Floats:
    """A hidden layer's activation: ReLU, unless the slip is another one."""
    if slip == "linear":
        return scores
    if slip == "tanh":
        return np.asarray(np.tanh(scores))
    if slip == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-scores)))
    return np.maximum(scores, 0)


def forward(params: Params, x: Floats, slip: str = "") -> list[Floats]:
    """Activations of every layer, the input first, the softmax's probabilities last; `slip` makes one mistake."""
    result, last = [x], len(params) - 1
    for number, (weight, bias) in enumerate(params):
        scores = result[-1] @ weight + (0 if slip == "bias" else bias)
        if number < last:
            result.append(_hidden(scores, slip))
        elif slip == "logits":
            result.append(scores)
        elif slip == "relu-output":
            result.append(softmax(np.maximum(scores, 0)))
        elif slip == "axis-sum":
            powers = np.exp(scores - scores.max(axis=1, keepdims=True))
            result.append(powers / powers.sum(axis=0))
        else:
            result.append(softmax(scores, axis=0 if slip == "axis" else 1))
    return result


FORWARD_SLIPS = {
    "bias": "the biases are left out",
    "linear": "the hidden layers have no ReLU",
    "tanh": "that is tanh where ReLU is asked for",
    "sigmoid": "that is a sigmoid where ReLU is asked for",
    "logits": "the last entry holds the scores, without softmax",
    "relu-output": "the scores go through a ReLU before the softmax",
    "axis": "the softmax runs over the batch (axis 0) and not over the classes (axis 1)",
    "axis-sum": "the sum below the softmax runs over the batch (axis 0) and not over the classes (axis 1)",
}


def backward(params: Params, activations: list[Floats], y: Ints, slip: str = "") -> Params:
    """Gradients of the mean cross-entropy, as (dW, db) of every layer; `slip` makes one mistake."""
    rows = len(y)
    probabilities = activations[-1]
    one_hot = np.eye(probabilities.shape[1])[y]
    delta = (probabilities - one_hot) / {"sum": 1, "twice": rows**2}.get(slip, rows)
    if slip == "sign":
        delta = -delta
    elif slip == "jacobian":
        delta = -one_hot / probabilities / rows
    elif slip == "sigmoid-output":
        delta = delta * probabilities * (1 - probabilities)
    elif slip == "square":
        delta = 2 * delta
    elif slip == "no-label":
        delta = probabilities / rows
    elif slip == "elements":
        delta = delta / probabilities.shape[1]
    grads: Params = []
    for number in reversed(range(len(params))):
        below = activations[number]
        bias = delta.mean(axis=0) if slip == "bias-mean" else delta.sum(axis=0)
        grads.insert(0, (below.T @ delta, np.zeros_like(bias) if slip == "bias-zero" else bias))
        slopes = {"no-relu": np.ones_like(below), "relu-value": below, "tanh": 1 - below**2}
        slope = {**slopes, "sigmoid": below * (1 - below)}.get(slip, (below > 0).astype(float))
        delta = delta @ params[number][0].T * slope
    return grads


AVERAGE_SLIPS = {
    "sum": "these are sums over the batch: divide by the number of rows",
    "twice": "the average is taken twice: divide by the number of rows once",
    "bias-mean": "db takes a mean although delta is divided already: sum over the rows",
    "elements": "the sum is divided by rows times classes: divide by the number of rows",
}
GRADIENT_SLIPS = {
    "sign": "all signs are turned round: the output delta is probabilities minus one-hot labels",
    "no-relu": "the derivative of the ReLU is missing when the delta goes back to a hidden layer",
    "relu-value": "the delta is multiplied by the activation itself; the derivative of the ReLU is 1 or 0",
    "tanh": "that is the derivative of tanh, but the hidden layers are ReLU",
    "sigmoid": "that is the derivative of a sigmoid, but the hidden layers are ReLU",
    "jacobian": "the derivative of the softmax is missing: together with the cross-entropy it gives y_hat - y",
    "sigmoid-output": "the output delta is y_hat - y, without a further p(1 - p)",
    "square": "that is twice the gradient: the cross-entropy has no factor 2",
    "no-label": "the one-hot labels are not subtracted",
    "bias-zero": "the gradients of the biases are zero",
}


def train(
    params: Params, x: Floats, y: Ints, batches: list[Ints], lr: float, slip: str = "", labels: Any = None
) -> Params:
    """Plain gradient descent over the given batches of row numbers; `labels`: other rows for y."""
    size = max(len(rows) for rows in batches)
    current = [(weight.copy(), bias.copy()) for weight, bias in params]
    for number, rows in enumerate(batches):
        target = y[rows if labels is None else labels[number]]
        grads = backward(current, forward(current, x[rows]), target, "sum" if slip == "sum" else "")
        rate = {"uphill": -lr, "tail": lr * len(rows) / size, "half": lr / 2, "double": 2 * lr}
        factor = rate.get(slip, lr)
        current = [
            (weight - factor * dw, bias - (0 if slip == "bias" else factor) * db)
            for (weight, bias), (dw, db) in zip(current, grads, strict=True)
        ]
    return current


def flat(params: Params) -> Floats:
    """All numbers of a network (or of its gradients) in a row."""
    return np.concatenate([part.reshape(-1) for pair in params for part in pair])
