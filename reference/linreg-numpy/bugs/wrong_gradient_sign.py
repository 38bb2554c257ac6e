# expect: wrong-gradient accuracy-below-threshold numeric: a loop that steps uphill
import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            error = y[rows] - w * x[rows] - b
            dw = 2 * (error * x[rows]).mean()
            db = 2 * error.mean()
            w -= lr * dw
            b -= lr * db
    return w, b
