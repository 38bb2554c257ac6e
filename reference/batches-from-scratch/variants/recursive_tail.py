import random

import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    """A dice of its own, thrown by rng: the same seed gives the same dice."""
    order = list(range(len(x)))
    if shuffle:
        random.Random(int(rng.integers(1 << 62))).shuffle(order)
    yield from deal(x, y, np.array(order, dtype=int), batch_size, drop_last)


def deal(x, y, order, size, drop_last):
    head, tail = order[:size], order[size:]
    if len(head) == size or (len(head) and not drop_last):
        yield x[head], y[head]
    if len(tail):
        yield from deal(x, y, tail, size, drop_last)
