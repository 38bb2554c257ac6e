# expect: step-before-backward numeric
import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    w, b, dw, db = 0.0, 0.0, 0.0, 0.0
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            error = w * x[rows] + b - y[rows]
            w -= lr * dw
            b -= lr * db
            dw = 2 * (error * x[rows]).mean()
            db = 2 * error.mean()
    return w, b
