# expect: wrong-update
import random


def train(data, epochs, batch_size, lr):
    w, b, vw, vb = 0.0, 0.0, 0.0, 0.0
    for _ in range(epochs):
        random.shuffle(data)
        for start in range(0, len(data), batch_size):
            batch = data[start : start + batch_size]
            vw = 0.9 * vw + sum(2 * (w * x + b - y) * x for x, y in batch) / len(batch)
            vb = 0.9 * vb + sum(2 * (w * x + b - y) for x, y in batch) / len(batch)
            w -= lr * vw
            b -= lr * vb
    return w, b
