# exercise: mlp-backprop
"""A multilayer perceptron as matrices: what goes forward through W comes back through its transpose."""

import numpy as np


def init(sizes, rng):
    """One (W, b) for each layer: W of shape (in, out), b of shape (out,)."""
    # A ReLU lets half of its inputs through; the 2 makes up for the other half, so signals keep their size.
    return [
        (rng.normal(0.0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out))
        for fan_in, fan_out in zip(sizes, sizes[1:])
    ]


def forward(params, x):
    """All activations: x first, then the hidden layers, the probabilities last."""
    activations = [x]
    for W, b in params[:-1]:
        activations.append(np.maximum(activations[-1] @ W + b, 0))
    W, b = params[-1]
    scores = activations[-1] @ W + b
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))  # the largest power is 1: nothing overflows
    activations.append(powers / powers.sum(axis=1, keepdims=True))
    return activations


def backward(params, activations, y):
    """One (dW, db) for each layer, averaged over the batch."""
    one_hot = np.eye(activations[-1].shape[1])[y]
    delta = (activations[-1] - one_hot) / len(y)  # softmax and cross-entropy together
    grads = []
    for (W, _), below in zip(reversed(params), reversed(activations[:-1])):
        grads.append((below.T @ delta, delta.sum(axis=0)))
        delta = (delta @ W.T) * (below > 0)  # where the ReLU gave zero, nothing flows back
    return grads[::-1]


def train(params, x, y, epochs, batch_size, lr, rng):
    """Gradient descent over shuffled batches; returns the trained parameters."""
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            grads = backward(params, forward(params, x[rows]), y[rows])
            params = [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(params, grads)]
    return params
