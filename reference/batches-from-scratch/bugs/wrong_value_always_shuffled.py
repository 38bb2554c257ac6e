# expect: wrong-value numeric: a loader that always shuffles
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(order), batch_size):
        now = order[start : start + batch_size]
        if len(now) == batch_size or not drop_last:
            yield x[now], y[now]
