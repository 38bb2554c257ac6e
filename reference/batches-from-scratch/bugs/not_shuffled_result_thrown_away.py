# expect: not-shuffled
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = np.arange(len(x))
    if shuffle:
        rng.permutation(order)
    index = 0
    while index < len(order):
        now = order[index : index + batch_size]
        index += batch_size
        if len(now) == batch_size or not drop_last:
            yield x[now], y[now]
