# exercise: linreg-numpy
"""Fit a line with arrays: one permutation an epoch, one slice and one step a batch."""


def train(x, y, epochs, batch_size, lr, rng):
    """Fit y = w * x + b to the arrays x and y; return (w, b)."""
    w, b = 0.0, 0.0
    for _ in range(epochs):
        order = rng.permutation(len(x))  # shuffle indices, not data: x and y stay together
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            xb, yb = x[rows], y[rows]
            error = w * xb + b - yb
            # mean() divides by this batch's own size, also where the last one is shorter
            dw = 2 * (error * xb).mean()
            db = 2 * error.mean()
            w -= lr * dw
            b -= lr * db
    return w, b
