"""The shuffle is written by hand: swap each place with a random one before it."""

import random


def shuffled(items):
    items = list(items)
    for last in range(len(items) - 1, 0, -1):
        other = random.randint(0, last)
        items[last], items[other] = items[other], items[last]
    return items


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    epoch = 0
    while epoch < epochs:
        order = shuffled(data)
        position = 0
        while position < len(order):
            batch = order[position : position + batch_size]
            dw, db = 0.0, 0.0
            for point in batch:
                error = point[0] * w + b - point[1]
                dw = dw + error * point[0]
                db = db + error
            factor = 2 * lr / len(batch)
            w = w - factor * dw
            b = b - factor * db
            position += batch_size
        epoch += 1
    return w, b
