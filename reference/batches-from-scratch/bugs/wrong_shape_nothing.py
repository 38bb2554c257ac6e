# expect: wrong-shape
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    order = np.arange(len(x))
    if shuffle:
        order = rng.shuffle(order)
    print(batch_size)
