# expect: partial-epoch numeric: a loader that gives one batch
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
    for start in range(0, len(order), batch_size):
        now = order[start : start + batch_size]
        if len(now) == batch_size or not drop_last:
            return [(x[now], y[now])]
    return []
