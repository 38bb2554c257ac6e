"""One array of indices, shuffled in place each epoch."""

import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    indices = np.arange(len(x))
    for _ in range(epochs):
        rng.shuffle(indices)
        for start in range(0, len(indices), batch_size):
            rows = indices[start : start + batch_size]
            residual = w * x[rows] + b - y[rows]
            w -= lr * 2 * np.mean(residual * x[rows])
            b -= lr * 2 * np.mean(residual)
    return w, b
