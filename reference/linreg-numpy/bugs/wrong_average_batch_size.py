# expect: wrong-average numeric: a loop that divides the short last batch by the full size
import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            error = w * x[rows] + b - y[rows]
            dw = 2 * (error * x[rows]).sum() / batch_size
            db = 2 * error.sum() / batch_size
            w -= lr * dw
            b -= lr * db
    return w, b
