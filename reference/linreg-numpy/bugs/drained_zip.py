# expect: drained-iterator
import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    order = rng.permutation(len(x))
    cuts = range(batch_size, len(x), batch_size)
    pairs = zip(np.split(x[order], cuts), np.split(y[order], cuts))
    for _ in range(epochs):
        for xb, yb in pairs:
            error = w * xb + b - yb
            dw, db = 2 * np.mean(error * xb), 2 * np.mean(error)
            w, b = w - lr * dw, b - lr * db
    return w, b
