"""Everything is a matrix: x and y are columns, the weight is 1 x 1."""

import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    X, Y = x.reshape(-1, 1), y.reshape(-1, 1)
    W, c = np.zeros((1, 1)), np.zeros((1,))
    n = X.shape[0]
    for _ in range(epochs):
        perm = rng.permutation(n)
        X_shuffled, Y_shuffled = X[perm], Y[perm]
        for i in range(0, n, batch_size):
            xb, yb = X_shuffled[i : i + batch_size], Y_shuffled[i : i + batch_size]
            delta = 2 * (xb @ W + c - yb) / xb.shape[0]
            W = W - lr * (xb.T @ delta)
            c = c - lr * delta.sum(axis=0)
    return W[0, 0], c[0]
