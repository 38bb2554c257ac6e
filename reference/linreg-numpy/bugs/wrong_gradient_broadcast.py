# expect: wrong-gradient numeric: a loop whose errors are those of every point with every target
import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    X = x[:, None]
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            error = w * X[rows] + b - y[rows]
            dw = 2 * (error * X[rows]).mean()
            db = 2 * error.mean()
            w -= lr * dw
            b -= lr * db
    return w, b
