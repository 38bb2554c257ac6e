# expect: wrong-value
import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    count = len(x) // batch_size + (0 if drop_last or len(x) % batch_size == 0 else 1)
    for i in range(count):
        size = min(batch_size, len(x) - i * batch_size)
        now = (
            rng.choice(len(x), size, replace=False)
            if shuffle
            else np.arange(i * batch_size, i * batch_size + size)
        )
        yield x[now], y[now]
