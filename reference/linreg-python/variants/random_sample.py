"""`random.sample` of all points gives a shuffled copy."""

import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        shuffled = random.sample(data, k=len(data))
        while shuffled:
            batch, shuffled = shuffled[:batch_size], shuffled[batch_size:]
            n = len(batch)
            grad_w = sum(2 * (w * x + b - y) * x for x, y in batch) / n
            grad_b = sum(2 * (w * x + b - y) for x, y in batch) / n
            w, b = w - lr * grad_w, b - lr * grad_b
    return w, b
