# expect: wrong-value
import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    theta = np.zeros(2)
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            error = theta[1] * x[rows] + theta[0] - y[rows]
            dw = 2 * (error * x[rows]).mean()
            db = 2 * error.mean()
            theta -= lr * np.array([db, dw])
    return theta
