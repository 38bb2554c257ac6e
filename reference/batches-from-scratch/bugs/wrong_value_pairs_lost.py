# expect: wrong-value
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    xo, yo = np.arange(len(x)), np.arange(len(x))
    if shuffle:
        xo, yo = rng.permutation(len(x)), rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        now = xo[start : start + batch_size]
        if len(now) == batch_size or not drop_last:
            yield x[now], y[yo[start : start + batch_size]]
