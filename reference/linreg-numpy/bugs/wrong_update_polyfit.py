# expect: wrong-update
import numpy as np


def train(x, y, epochs, batch_size, lr, rng):
    slope, intercept = np.polyfit(x, y, 1)
    return slope, intercept
