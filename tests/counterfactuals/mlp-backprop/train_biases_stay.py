"""Biases begin at zero and stay there."""

import numpy as np


def init(sizes, rng):
    layers = []
    for layer in range(1, len(sizes)):
        spread = (2.0 / sizes[layer - 1]) ** 0.5
        weights = spread * rng.standard_normal((sizes[layer - 1], sizes[layer]))
        layers.append((weights, np.zeros(sizes[layer])))
    return layers


def forward(params, x):
    outputs = [x]
    for number, (weights, biases) in enumerate(params, start=1):
        z = outputs[-1] @ weights + biases
        if number < len(params):
            outputs.append(np.where(z > 0, z, 0.0))
    exponentials = np.exp(z - np.max(z, axis=1)[:, None])
    outputs.append(exponentials / exponentials.sum(axis=1)[:, None])
    return outputs


def backward(params, activations, y):
    flow = activations[-1].copy()
    flow[np.arange(len(y)), y] -= 1.0
    flow /= len(y)
    result = [None] * len(params)
    for layer in range(len(params) - 1, -1, -1):
        result[layer] = (activations[layer].T @ flow, flow.sum(axis=0))
        if layer:
            flow = flow @ params[layer][0].T
            flow[activations[layer] <= 0] = 0.0
    return result


def train(params, x, y, epochs, batch_size, lr, rng):
    params = [(weights.copy(), biases.copy()) for weights, biases in params]
    for _ in range(epochs):
        order = rng.permutation(len(y))
        for rows in np.split(order, range(batch_size, len(y), batch_size)):
            slopes = backward(params, forward(params, x[rows]), y[rows])
            for (weights, biases), (by_weights, by_biases) in zip(params, slopes):
                weights -= lr * by_weights
    return params
