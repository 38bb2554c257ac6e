# exercise: linreg-python
"""Fit a line by hand: shuffle, and for every batch clear, predict, measure, differentiate, step."""

import random


def train(data, epochs, batch_size, lr):
    """Fit y = w * x + b to `data`, a list of (x, y); return (w, b)."""
    w, b = 0.0, 0.0
    points = list(data)  # a copy: the caller's list keeps its order
    for _ in range(epochs):
        random.shuffle(points)  # a new order each epoch, so that no batch comes twice
        for start in range(0, len(points), batch_size):
            batch = points[start : start + batch_size]  # the last one may be shorter
            dw, db = 0.0, 0.0  # cleared for every batch
            for x, y in batch:
                error = w * x + b - y
                # The loss is error²; by the chain rule its slope is 2 * error times what error changes by:
                # x when w grows by one, 1 when b does.
                dw += 2 * error * x
                db += 2 * error
            # Both gradients are complete before anything moves, and they are means over this very batch.
            w -= lr * dw / len(batch)
            b -= lr * db / len(batch)
    return w, b
