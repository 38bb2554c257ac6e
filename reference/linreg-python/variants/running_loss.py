"""Loss and gradients are gathered in one pass over the batch."""

import math
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    history = []
    for _ in range(epochs):
        pool = list(enumerate(data))
        random.shuffle(pool)
        total, seen = 0.0, 0
        for start in range(0, len(pool), batch_size):
            batch = [point for _, point in pool[start : start + batch_size]]
            parts = {"w": [], "b": []}
            for x, y in batch:
                error = w * x + b - y
                total += error * error
                seen += 1
                parts["w"].append(2 * x * error)
                parts["b"].append(2 * error)
            w -= lr * math.fsum(parts["w"]) / len(batch)
            b -= lr * math.fsum(parts["b"]) / len(batch)
        history.append(round(total / seen, 4))
    print(history)
    return w, b
