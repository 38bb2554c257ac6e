"""Plain copies of the arrays, and a loop over single points inside the batch."""

import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    x, y = np.asarray(x), np.array(y)
    w, b = 0.0, 0.0
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            dw = db = 0.0
            for i in rows:
                error = w * x[i] + b - y[i]
                dw += 2 * error * x[i]
                db += 2 * error
            w -= lr * dw / len(rows)
            b -= lr * db / len(rows)
    return w, b
