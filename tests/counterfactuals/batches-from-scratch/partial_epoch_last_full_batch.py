"""With `drop_last` a batch goes, even a full one."""

import numpy as np


class Loader:
    def __init__(self, arrays, order, size):
        self.arrays, self.order, self.size = arrays, order, size

    def __iter__(self):
        return self

    def __next__(self):
        taken, self.order = self.order[: self.size], self.order[self.size :]
        if taken.size == 0:
            raise StopIteration
        return tuple(array[taken] for array in self.arrays)


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = np.arange(len(x))
    if shuffle:
        rng.shuffle(order)
    if drop_last:
        order = order[: (len(order) - 1) // batch_size * batch_size]
    return Loader((x, y), order, batch_size)
