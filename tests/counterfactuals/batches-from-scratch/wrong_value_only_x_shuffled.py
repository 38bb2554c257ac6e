"""The order is for x; y is cut as it lies."""

import numpy as np


class Loader:
    def __init__(self, arrays, order, size):
        self.arrays, self.order, self.size = arrays, order, size
        self.seen = 0

    def __iter__(self):
        return self

    def __next__(self):
        taken, self.order = self.order[: self.size], self.order[self.size :]
        if taken.size == 0:
            raise StopIteration
        self.seen += taken.size
        return self.arrays[0][taken], self.arrays[1][self.seen - taken.size : self.seen]


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = np.arange(len(x))
    if shuffle:
        rng.shuffle(order)
    if drop_last:
        order = order[: len(order) // batch_size * batch_size]
    return Loader((x, y), order, batch_size)
