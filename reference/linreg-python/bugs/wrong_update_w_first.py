# expect: wrong-update numeric: a loop that moves w before it computes db
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        random.shuffle(data)
        for start in range(0, len(data), batch_size):
            batch = data[start : start + batch_size]
            w -= lr * sum(2 * (w * x + b - y) * x for x, y in batch) / len(batch)
            b -= lr * sum(2 * (w * x + b - y) for x, y in batch) / len(batch)
    return w, b
