# expect: partial-epoch numeric: a loader that always drops the short last batch
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
    for number in range(len(order) // batch_size):
        now = order[number * batch_size : (number + 1) * batch_size]
        yield x[now], y[now]
