# expect: partial-epoch
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        chosen = random.sample(data, len(data) // 2)
        for start in range(0, len(chosen), batch_size):
            batch = chosen[start : start + batch_size]
            w, b = (
                w - lr * sum(2 * (w * x + b - y) * x for x, y in batch) / len(batch),
                b - lr * sum(2 * (w * x + b - y) for x, y in batch) / len(batch),
            )
    return w, b
