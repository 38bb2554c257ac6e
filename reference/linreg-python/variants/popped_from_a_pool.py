"""Points are taken out of a pool at random until it is empty."""

import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        pool = list(data)
        while pool:
            batch = [pool.pop(random.randrange(len(pool))) for _ in range(min(batch_size, len(pool)))]
            errors = [b + w * x - y for x, y in batch]
            dw = sum(2 * x * e for (x, y), e in zip(batch, errors)) / len(batch)
            db = sum(2 * e for e in errors) / len(batch)
            w += -lr * dw
            b += -lr * db
    return w, b
