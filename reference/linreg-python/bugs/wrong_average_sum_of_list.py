# expect: wrong-average
import random


def gradient(w, b, batch):
    errors = [w * x + b - y for x, y in batch]
    return sum(2 * e * x for e, (x, _) in zip(errors, batch)), sum(2 * e for e in errors)


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        points = random.sample(data, len(data))
        while points:
            dw, db = gradient(w, b, points[:batch_size])
            w, b = w - lr * dw, b - lr * db
            del points[:batch_size]
    return w, b
