# expect: not-shuffled numeric: a loader that shuffles only inside each batch
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    for start in range(0, len(x), batch_size):
        now = np.arange(start, min(start + batch_size, len(x)))
        if shuffle:
            now = rng.permutation(now)
        if len(now) == batch_size or not drop_last:
            yield x[now], y[now]
