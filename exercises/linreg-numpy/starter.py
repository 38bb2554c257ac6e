"""Fit a line with NumPy: fill the gaps, then `grade submit --exercise linreg-numpy starter.py`."""

import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    """Fit y = w * x + b to the arrays x and y; return (w, b)."""
    w, b = 0.0, 0.0
    for _ in range(epochs):
        order = np.arange(len(x))
        # TODO: draw a new order from rng
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            error = w * x[rows] + b - y[rows]
            # TODO: compute the mean gradients dw and db from error and x[rows]
            # TODO: move w and b against them
    return w, b
