# expect: wrong-shape numeric: a loader that never drops the short last batch
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
    return (
        (x[order[s : s + batch_size]], y[order[s : s + batch_size]]) for s in range(0, len(order), batch_size)
    )
