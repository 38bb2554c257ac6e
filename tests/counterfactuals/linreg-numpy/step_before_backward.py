"""A batch's gradient waits until the next batch has come."""

import numpy as np


def slope_of_loss(theta, design, targets):
    errors = design @ theta - targets
    return 2 * design.T @ errors / len(targets)


def train(x, y, epochs, batch_size, lr, rng):
    theta, waiting = np.zeros(2), np.zeros(2)
    design = np.stack([x, np.ones(len(x))], axis=1)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for rows in np.split(order, range(batch_size, len(x), batch_size)):
            former, waiting = waiting, slope_of_loss(theta, design[rows], y[rows])
            theta = theta - lr * former
    return theta[0], theta[1]
