# expect: wrong-gradient
import random


def train(data, epochs, batch_size, lr):
    xs = [x for x, _ in data]
    ys = [y for _, y in data]
    w, b = 0.0, 0.0
    for _ in range(epochs):
        random.shuffle(xs)
        random.shuffle(ys)
        for start in range(0, len(xs), batch_size):
            batch = list(zip(xs[start : start + batch_size], ys[start : start + batch_size]))
            dw = sum(2 * (w * x + b - y) * x for x, y in batch) / len(batch)
            db = sum(2 * (w * x + b - y) for x, y in batch) / len(batch)
            w -= lr * dw
            b -= lr * db
    return w, b
