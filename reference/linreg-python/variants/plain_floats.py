"""The points are copied as plain floats, and indices are shuffled."""

import random


def train(data, epochs, batch_size, lr):
    xs = [float(x) for x, _ in data]
    ys = [float(y) for _, y in data]
    w, b = 0.0, 0.0
    for _ in range(epochs):
        order = list(range(len(xs)))
        random.shuffle(order)
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            dw = sum(2 * (w * xs[i] + b - ys[i]) * xs[i] for i in batch) / len(batch)
            db = sum(2 * (w * xs[i] + b - ys[i]) for i in batch) / len(batch)
            w -= lr * dw
            b -= lr * db
    return w, b
