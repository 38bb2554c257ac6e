# expect: wrong-value input-mutated
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    if shuffle:
        rng.shuffle(x)
        rng.shuffle(y)
    for start in range(0, len(x), batch_size):
        now = slice(start, start + batch_size)
        if len(x[now]) == batch_size or not drop_last:
            yield x[now], y[now]
