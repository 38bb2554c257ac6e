# expect: wrong-shape
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
    for i in order:
        yield x[i], y[i]
