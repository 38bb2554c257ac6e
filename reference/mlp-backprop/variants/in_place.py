"""In place, with column-sum biases kept as rows, and a shuffled index list."""

import numpy as np


def relu(z):
    return z * (z > 0)


def softmax(z):
    z = z - np.max(z, axis=-1, keepdims=True)
    e = np.exp(z)
    return e / np.sum(e, axis=-1, keepdims=True)


def init(sizes, rng):
    params = []
    for i in range(len(sizes) - 1):
        W = rng.standard_normal((sizes[i], sizes[i + 1])) * np.sqrt(2.0 / sizes[i])
        b = np.zeros((1, sizes[i + 1]))
        params.append([W, b])
    return params


def forward(params, x):
    a = x
    out = [a]
    for i, (W, b) in enumerate(params):
        z = np.dot(a, W) + b
        a = softmax(z) if i == len(params) - 1 else relu(z)
        out.append(a)
    return out


def backward(params, activations, y):
    n = y.shape[0]
    delta = activations[-1].copy()
    delta[range(n), y] -= 1
    delta /= n
    grads = [None] * len(params)
    for i in range(len(params) - 1, -1, -1):
        grads[i] = (np.dot(activations[i].T, delta), np.sum(delta, axis=0, keepdims=True))
        if i > 0:
            delta = np.dot(delta, params[i][0].T)
            delta[activations[i] <= 0] = 0
    return grads


def train(params, x, y, epochs, batch_size, lr, rng):
    indices = list(range(len(x)))
    for epoch in range(epochs):
        rng.shuffle(indices)
        start = 0
        while start < len(indices):
            chosen = indices[start : start + batch_size]
            grads = backward(params, forward(params, x[chosen]), y[chosen])
            for (W, b), (dW, db) in zip(params, grads):
                W -= lr * dW
                b -= lr * db.reshape(b.shape)
            start += batch_size
    return params
