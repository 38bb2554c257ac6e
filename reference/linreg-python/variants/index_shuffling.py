"""The indices are shuffled; the data stay where they are."""

import random


def train(data, epochs, batch_size, lr):
    w = b = 0.0
    indices = list(range(len(data)))
    for _ in range(epochs):
        random.shuffle(indices)
        for start in range(0, len(indices), batch_size):
            chosen = indices[start : start + batch_size]
            dw = db = 0.0
            for i in chosen:
                x, y = data[i]
                error = (w * x + b) - y
                dw += error * x
                db += error
            w = w - lr * 2.0 * dw / len(chosen)
            b = b - lr * 2.0 * db / len(chosen)
    return w, b
