# expect: wrong-shape
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
    count = len(order) // batch_size if drop_last else -(-len(order) // batch_size)
    for now in np.array_split(order[: count * batch_size], max(count, 1)):
        if len(now):
            yield x[now], y[now]
