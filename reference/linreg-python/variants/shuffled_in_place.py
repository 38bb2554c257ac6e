"""The caller's list itself is shuffled."""

from random import shuffle


def train(data, epochs, batch_size, lr):
    w, b = 0, 0
    for _ in range(epochs):
        shuffle(data)
        for start in range(0, len(data), batch_size):
            batch = data[start : start + batch_size]
            errors = [w * x + b - y for x, y in batch]
            dw = 2 / len(batch) * sum(error * x for error, (x, _) in zip(errors, batch))
            db = 2 / len(batch) * sum(errors)
            w -= lr * dw
            b -= lr * db
    return [w, b]
