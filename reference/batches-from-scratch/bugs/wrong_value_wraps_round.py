# expect: wrong-value numeric: a loader that fills its last batch up with the first samples
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
    for start in range(0, len(order), batch_size):
        if start + batch_size > len(order) and drop_last:
            return
        now = order[np.arange(start, start + batch_size) % len(order)]
        yield x[now], y[now]
