# expect: not-shuffled numeric
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for epoch in range(epochs):
        for start in range(0, len(data), batch_size):
            batch = data[start : start + batch_size]
            dw = db = 0.0
            for x, y in batch:
                error = w * x + b - y
                dw += 2 * error * x
                db += 2 * error
            dw /= len(batch)
            db /= len(batch)
            w -= lr * dw
            b -= lr * db
    return w, b
