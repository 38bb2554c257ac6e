"""One vector gathers the gradients of an epoch."""

import numpy as np


def slope_of_loss(theta, design, targets):
    errors = design @ theta - targets
    return 2 * design.T @ errors / len(targets)


def train(x, y, epochs, batch_size, lr, rng):
    theta = np.zeros(2)
    design = np.stack([x, np.ones(len(x))], axis=1)
    for _ in range(epochs):
        gathered = 0.0
        order = rng.permutation(len(x))
        for rows in np.split(order, range(batch_size, len(x), batch_size)):
            gathered = gathered + slope_of_loss(theta, design[rows], y[rows])
            theta = theta - lr * gathered
    return theta[0], theta[1]
