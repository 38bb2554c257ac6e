# expect: not-shuffled numeric
import numpy as np


def init(sizes, rng):
    return [
        (rng.normal(0.0, np.sqrt(2 / fan_in), (fan_in, fan_out)), np.zeros(fan_out))
        for fan_in, fan_out in zip(sizes, sizes[1:])
    ]


def forward(params, x):
    activations = [x]
    for W, b in params[:-1]:
        activations.append(np.maximum(activations[-1] @ W + b, 0))
    W, b = params[-1]
    scores = activations[-1] @ W + b
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    activations.append(powers / powers.sum(axis=1, keepdims=True))
    return activations


def backward(params, activations, y):
    one_hot = np.eye(activations[-1].shape[1])[y]
    delta = (activations[-1] - one_hot) / len(y)
    grads = []
    for (W, _), below in zip(reversed(params), reversed(activations[:-1])):
        grads.append((below.T @ delta, delta.sum(axis=0)))
        delta = delta @ W.T * (below > 0)
    return grads[::-1]


def train(params, x, y, epochs, batch_size, lr, rng):
    for _ in range(epochs):
        order = np.arange(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            grads = backward(params, forward(params, x[rows]), y[rows])
            params = [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(params, grads)]
    return params
