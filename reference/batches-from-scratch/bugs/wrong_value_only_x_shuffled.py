# expect: wrong-value numeric: a loader that shuffles x alone
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
    x = x[order]
    end = len(x) // batch_size * batch_size if drop_last else len(x)
    for start in range(0, end, batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]
