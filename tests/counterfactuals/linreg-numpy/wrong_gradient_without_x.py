"""Both parameters get the mean of the errors."""

import numpy as np


def slope_of_loss(theta, design, targets):
    errors = design @ theta - targets
    return np.full(2, 2 * errors.sum() / len(targets))


def train(x, y, epochs, batch_size, lr, rng):
    theta = np.zeros(2)
    design = np.stack([x, np.ones(len(x))], axis=1)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for rows in np.split(order, range(batch_size, len(x), batch_size)):
            theta = theta - lr * slope_of_loss(theta, design[rows], y[rows])
    return theta[0], theta[1]
