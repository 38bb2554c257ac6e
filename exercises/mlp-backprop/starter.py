"""A network as matrices: fill the gaps, then `grade submit --exercise mlp-backprop starter.py`."""

import numpy as np


def init(sizes, rng):
    """One (W, b) for each layer: W of shape (in, out), b of shape (out,)."""
    # TODO: draw the weights from rng, with a standard deviation of sqrt(2 / in)
    return [(np.zeros((fan_in, fan_out)), np.zeros(fan_out)) for fan_in, fan_out in zip(sizes, sizes[1:])]


def forward(params, x):
    """All activations: x first, then the hidden layers, the probabilities last."""
    activations = [x]
    for W, b in params:
        scores = activations[-1] @ W + b
        # TODO: ReLU in the hidden layers, softmax in the last one
        activations.append(scores)
    return activations


def backward(params, activations, y):
    """One (dW, db) for each layer, averaged over the batch."""
    # TODO: delta at the output, then one layer after the other, from the last to the first
    return [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]


def train(params, x, y, epochs, batch_size, lr, rng):
    """Gradient descent over shuffled batches; returns the trained parameters."""
    for _ in range(epochs):
        # TODO: draw a new order of the rows from rng, and cut it into batches
        grads = backward(params, forward(params, x), y)
        params = [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(params, grads)]
    return params
