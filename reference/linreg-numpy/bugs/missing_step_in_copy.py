# expect: missing-step
import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    params = np.zeros(2)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            error = params[0] * x[rows] + params[1] - y[rows]
            moved = params.copy()
            moved -= lr * 2 * np.array([(error * x[rows]).mean(), error.mean()])
    return params
