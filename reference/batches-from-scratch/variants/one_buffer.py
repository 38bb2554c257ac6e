import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    xb = np.empty((batch_size, *x.shape[1:]), dtype=np.float32)
    yb = np.empty(batch_size, dtype=np.float32)
    order = iter(rng.permuted(np.arange(len(x))) if shuffle else range(len(x)))
    filled = 0
    for index in order:
        xb[filled], yb[filled] = x[index], y[index]
        filled += 1
        if filled == batch_size:
            yield xb, yb
            filled = 0
    if filled and not drop_last:
        yield xb[:filled], yb[:filled]
