import numpy as np


def batches(x, y, batch_size, shuffle, drop_last, rng):
    x, y = x.copy(), y.copy()
    if shuffle:
        state = rng.bit_generator.state
        rng.shuffle(x)
        rng.bit_generator.state = state  # the same numbers again, so the same order
        rng.shuffle(y)
    end = len(x) - len(x) % batch_size if drop_last else len(x)
    for at in range(0, end, batch_size):
        stop = min(at + batch_size, end)
        yield [x[at:stop], y[at:stop]]
