# expect: missing-zero-grad numeric: a loop that clears gradients once an epoch
import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    theta = np.zeros(2)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        grad = np.zeros(2)
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            error = theta[0] * x[rows] + theta[1] - y[rows]
            grad += [2 * np.mean(error * x[rows]), 2 * np.mean(error)]
            theta -= lr * grad
    return theta
