import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    indices = np.arange(x.shape[0])
    if shuffle:
        rng.shuffle(indices)
    count = len(x) // batch_size if drop_last else -(-len(x) // batch_size)
    return [
        (x[indices[i * batch_size : (i + 1) * batch_size]], y[indices[i * batch_size : (i + 1) * batch_size]])
        for i in range(count)
    ]
