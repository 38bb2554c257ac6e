# expect: wrong-shape
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
