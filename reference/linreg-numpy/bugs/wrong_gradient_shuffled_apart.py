# expect: wrong-gradient
import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    for epoch in range(epochs):
        rng.shuffle(x)
        rng.shuffle(y)
        for start in range(0, len(x), batch_size):
            rows = slice(start, start + batch_size)
            error = w * x[rows] + b - y[rows]
            dw = 2 * (error * x[rows]).mean()
            db = 2 * error.mean()
            w -= lr * dw
            b -= lr * db
    return w, b
