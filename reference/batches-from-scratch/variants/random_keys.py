import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    n = len(y)
    order = np.argsort(rng.random(n)) if shuffle else range(n)
    order = list(order)
    while len(order) >= batch_size:
        now, order = order[:batch_size], order[batch_size:]
        yield np.take(x, now, axis=0), np.take(y, now)
    if order and not drop_last:
        yield np.take(x, order, axis=0), np.take(y, order)
