"""A generator deals out the batches, anew each epoch."""

import random


def batches(data, size):
    data = data[:]
    random.shuffle(data)
    for start in range(0, len(data), size):
        yield data[start : start + size]


def gradients(w, b, batch):
    dw = db = 0.0
    for x, y in batch:
        share = 2 * (w * x + b - y) / len(batch)
        dw += share * x
        db += share
    return dw, db


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        for batch in batches(data, batch_size):
            dw, db = gradients(w, b, batch)
            w -= lr * dw
            b -= lr * db
    return w, b
