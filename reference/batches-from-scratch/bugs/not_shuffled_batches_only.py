# expect: not-shuffled
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    full = len(x) // batch_size
    starts = np.arange(full) * batch_size
    if shuffle:
        starts = rng.permutation(starts)
    for start in starts:
        yield x[start : start + batch_size], y[start : start + batch_size]
    if not drop_last and full * batch_size < len(x):
        yield x[full * batch_size :], y[full * batch_size :]
