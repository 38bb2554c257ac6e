"""Only whole batches, cut by a reshape."""

import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    w, b = np.float64(0), np.float64(0)
    steps = len(x) // batch_size
    for _ in range(epochs):
        table = rng.permutation(len(x))[: steps * batch_size].reshape(steps, batch_size)
        for rows in table:
            xb, yb = x[rows], y[rows]
            err = yb - (w * xb + b)
            w = w + lr * 2 * np.dot(err, xb) / batch_size
            b = b + lr * 2 * np.sum(err) / batch_size
    return w, b
