# expect: partial-epoch numeric: a loader that drops its last samples before it shuffles
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    n = len(x) - len(x) % batch_size if drop_last else len(x)
    order = np.arange(n)
    if shuffle:
        order = rng.permutation(n)
    for start in range(0, n, batch_size):
        yield x[order[start : start + batch_size]], y[order[start : start + batch_size]]
