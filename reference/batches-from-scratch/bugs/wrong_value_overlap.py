# expect: wrong-value
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
    start = 0
    while start < len(order):
        now = order[start : start + batch_size]
        start += batch_size - 1 if batch_size > 1 else 1
        if len(now) == batch_size or not drop_last:
            yield x[now], y[now]
