# expect: wrong-average
import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    X = np.c_[x, np.ones_like(x)]
    theta = np.zeros(2)
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            Xb, yb = X[order[start : start + batch_size]], y[order[start : start + batch_size]]
            theta -= lr * 2 * Xb.T @ (Xb @ theta - yb)
    return theta[0], theta[1]
