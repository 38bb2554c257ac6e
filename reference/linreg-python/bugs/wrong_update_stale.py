# expect: wrong-update
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        random.shuffle(data)
        errors = [w * x + b - y for x, y in data]
        for start in range(0, len(data), batch_size):
            batch = list(zip(data, errors))[start : start + batch_size]
            w -= lr * sum(2 * e * x for (x, _), e in batch) / len(batch)
            b -= lr * sum(2 * e for _, e in batch) / len(batch)
    return w, b
