import numpy as np


def split(array, size):
    return np.split(array, range(size, len(array), size))


def batches(x, y, batch_size, shuffle, drop_last, rng):
    if shuffle:
        order = rng.choice(len(x), size=len(x), replace=False)
        x, y = x[order], y[order]
    for xb, yb in zip(split(x, batch_size), split(y, batch_size)):
        if len(xb) == batch_size or not drop_last:
            yield xb, yb
