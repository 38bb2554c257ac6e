"""Fit a line in pure Python: fill the gaps, then `grade submit --exercise linreg-python starter.py`."""


def train(data, epochs, batch_size, lr):
    """Fit y = w * x + b to `data`, a list of (x, y); return (w, b)."""
    w, b = 0.0, 0.0
    for _ in range(epochs):
        # TODO: shuffle the points (see the module `random`)
        for start in range(0, len(data), batch_size):
            batch = data[start : start + batch_size]
            dw, db = 0.0, 0.0
            for x, y in batch:
                error = w * x + b - y
                # TODO: add this point's share to dw and db
            # TODO: average dw and db over the batch
            # TODO: move w and b against their gradients
    return w, b
