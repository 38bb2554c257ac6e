"""Points fill a batch one by one; a full batch, and what is left at the end, makes a step."""

import copy
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    points = copy.deepcopy(data)

    def step(batch):
        nonlocal w, b
        dw = db = 0.0
        for x, y in batch:
            guess = w * x + b
            dw -= 2 * x * (y - guess)
            db -= 2 * (y - guess)
        w -= lr * (dw / len(batch))
        b -= lr * (db / len(batch))

    for _ in range(epochs):
        random.shuffle(points)
        batch = []
        for point in points:
            batch.append(point)
            if len(batch) == batch_size:
                step(batch)
                batch = []
        if batch:
            step(batch)
    return w, b
