"""A short batch is averaged as if it were a full one."""

import numpy as np


def slope_of_loss(theta, design, targets, size):
    errors = design @ theta - targets
    return 2 * design.T @ errors / size


def train(x, y, epochs, batch_size, lr, rng):
    theta = np.zeros(2)
    design = np.stack([x, np.ones(len(x))], axis=1)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for rows in np.split(order, range(batch_size, len(x), batch_size)):
            theta = theta - lr * slope_of_loss(theta, design[rows], y[rows], batch_size)
    return theta[0], theta[1]
