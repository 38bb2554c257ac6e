"""Each batch becomes an array."""

import random

import numpy as np


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        random.shuffle(data)
        for start in range(0, len(data), batch_size):
            x, y = np.array(data[start : start + batch_size]).T
            error = w * x + b - y
            w -= lr * 2 * np.mean(error * x)
            b -= lr * 2 * np.mean(error)
    return w, b
