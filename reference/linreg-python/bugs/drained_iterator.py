# expect: drained-iterator
import random


def batches(data, size):
    random.shuffle(data)
    for start in range(0, len(data), size):
        yield data[start : start + size]


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    loader = batches(data, batch_size)
    for _ in range(epochs):
        for batch in loader:
            dw = sum(2 * (w * x + b - y) * x for x, y in batch) / len(batch)
            db = sum(2 * (w * x + b - y) for x, y in batch) / len(batch)
            w -= lr * dw
            b -= lr * db
    return w, b
