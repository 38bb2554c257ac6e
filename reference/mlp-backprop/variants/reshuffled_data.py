"""The data themselves are put into a new order every epoch, each time from the order before."""

import numpy as np


def init(sizes, rng):
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        scale = np.sqrt(2.0 / n_in)
        layers.append((scale * rng.normal(size=(n_in, n_out)), np.zeros(n_out)))
    return layers


def forward(params, x):
    def layer(a, W, b, last):
        z = a @ W + b
        if not last:
            return np.clip(z, 0, None)
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    activations = [x]
    for k, (W, b) in enumerate(params, 1):
        activations.append(layer(activations[-1], W, b, k == len(params)))
    return activations


def backward(params, activations, y):
    m = len(y)
    target = np.zeros_like(activations[-1])
    target[np.arange(m), y] = 1
    deltas = [(activations[-1] - target) / m]
    for k in range(len(params) - 1, 0, -1):
        W, _ = params[k]
        deltas.insert(0, (deltas[0] @ W.T) * np.heaviside(activations[k], 0))
    return [(a.T @ d, d.sum(0)) for a, d in zip(activations, deltas)]


def train(params, x, y, epochs, batch_size, lr, rng):
    weights = [W.copy() for W, _ in params]
    biases = [b.copy() for _, b in params]
    for _ in range(epochs):
        order = rng.permutation(len(x))
        x, y = x[order], y[order]
        for begin in range(0, len(x), batch_size):
            batch = slice(begin, begin + batch_size)
            current = list(zip(weights, biases))
            for k, (dW, db) in enumerate(backward(current, forward(current, x[batch]), y[batch])):
                weights[k] = weights[k] - lr * dW
                biases[k] = biases[k] - lr * db
    return list(zip(weights, biases))
