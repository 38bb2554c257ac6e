"""One table of inputs and labels is shuffled in place; updates by a step over flat lists."""

import numpy as np


def init(sizes, rng):
    out = []
    for a, b in zip(sizes, sizes[1:]):
        out.append([rng.normal(0, 1, (a, b)) * np.sqrt(2 / a), np.zeros(b)])
    return out


def forward(params, x):
    h = [x]
    for n in range(len(params)):
        W, b = params[n]
        z = h[n] @ W + b[None, :]
        if n + 1 < len(params):
            z[z < 0] = 0
        else:
            z = np.exp(z - z.max(axis=1).reshape(-1, 1))
            z = (z.T / z.sum(axis=1)).T
        h.append(z)
    return h


def backward(params, activations, y):
    p = activations[-1]
    d = p / len(p)
    d = d - np.eye(p.shape[1])[y] / len(p)
    grads = []
    for n in range(len(params) - 1, -1, -1):
        grads.append([activations[n].T @ d, d.sum(axis=0)])
        d = np.where(activations[n] > 0, d @ params[n][0].T, 0)
    grads.reverse()
    return grads


def train(params, x, y, epochs, batch_size, lr, rng):
    table = np.concatenate([x, y[:, None]], axis=1)
    flat = [np.array(part) for layer in params for part in layer]
    for _ in range(epochs):
        rng.shuffle(table)
        for start in range(0, len(table), batch_size):
            part = table[start : start + batch_size]
            layers = [(flat[k], flat[k + 1]) for k in range(0, len(flat), 2)]
            grads = backward(layers, forward(layers, part[:, :-1]), part[:, -1].astype(int))
            for value, grad in zip(flat, [g for layer in grads for g in layer]):
                np.subtract(value, lr * grad, out=value)
    return [(flat[k], flat[k + 1]) for k in range(0, len(flat), 2)]
