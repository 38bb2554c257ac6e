"""A generator gives the batches; the order comes from sorting random numbers; gradients averaged sample by sample."""

import numpy as np


def init(sizes, rng):
    shapes = [(sizes[k], sizes[k + 1]) for k in range(len(sizes) - 1)]
    return [(rng.normal(scale=(2 / shape[0]) ** 0.5, size=shape), np.zeros(shape[1])) for shape in shapes]


def forward(params, x):
    activations = [np.asarray(x, dtype=float)]
    for W, b in params:
        activations.append(np.maximum(0.0, activations[-1].dot(W) + b))
    W, b = params[-1]
    scores = activations[-2].dot(W) + b
    scores = scores - scores.max(axis=1)[:, np.newaxis]
    activations[-1] = np.exp(scores) / np.exp(scores).sum(axis=1)[:, np.newaxis]
    return activations


def backward(params, activations, y):
    totals = [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]
    for row, label in enumerate(y):
        delta = activations[-1][row].copy()
        delta[label] -= 1.0
        for k in range(len(params) - 1, -1, -1):
            below = activations[k][row]
            dW, db = totals[k]
            dW += np.outer(below, delta)
            db += delta
            delta = (params[k][0] @ delta) * (below > 0)
    return [(dW / len(y), db / len(y)) for dW, db in totals]


def batches(x, y, batch_size, rng):
    order = np.argsort(rng.random(len(x)))
    for start in range(0, len(order), batch_size):
        yield x[order[start : start + batch_size]], y[order[start : start + batch_size]]


def train(params, x, y, epochs, batch_size, lr, rng):
    epoch = 0
    while epoch < epochs:
        for xb, yb in batches(x, y, batch_size, rng):
            grads = backward(params, forward(params, xb), yb)
            params = [tuple(p - lr * g for p, g in zip(layer, grad)) for layer, grad in zip(params, grads)]
        epoch += 1
    return params
