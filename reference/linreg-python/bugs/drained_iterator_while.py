# expect: drained-iterator
import itertools
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    points = iter(random.sample(data, len(data)))
    epoch = 0
    while epoch < epochs:
        while batch := list(itertools.islice(points, batch_size)):
            dw = db = 0.0
            for x, y in batch:
                dw += 2 * (w * x + b - y) * x / len(batch)
                db += 2 * (w * x + b - y) / len(batch)
            w -= lr * dw
            b -= lr * db
        epoch += 1
    return w, b
