"""A column of predictions meets a row of targets."""

import numpy as np


def slope_of_loss(theta, design, targets):
    predictions = design @ theta
    table = np.subtract.outer(predictions, targets)
    return 2 * np.array([(table * design[:, :1]).sum(), table.sum()]) / table.size


def train(x, y, epochs, batch_size, lr, rng):
    theta = np.zeros(2)
    design = np.stack([x, np.ones(len(x))], axis=1)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for rows in np.split(order, range(batch_size, len(x), batch_size)):
            theta = theta - lr * slope_of_loss(theta, design[rows], y[rows])
    return theta[0], theta[1]
