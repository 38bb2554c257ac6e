"""One loop over points: gradients are gathered, and every so often averaged, used and cleared."""

import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        random.shuffle(data)
        dw = db = 0.0
        gathered = 0
        for number, (x, y) in enumerate(data, start=1):
            error = w * x + b - y
            dw += 2 * error * x
            db += 2 * error
            gathered += 1
            if gathered == batch_size or number == len(data):
                w -= lr * dw / gathered
                b -= lr * db / gathered
                dw = db = 0.0
                gathered = 0
    return w, b
