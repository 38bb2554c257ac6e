# expect: wrong-hyperparameter
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    random.shuffle(data)
    for start in range(0, len(data), batch_size):
        batch = data[start : start + batch_size]
        dw = db = 0.0
        for x, y in batch:
            dw += 2 * (w * x + b - y) * x / len(batch)
            db += 2 * (w * x + b - y) / len(batch)
        w -= lr * dw
        b -= lr * db
    return w, b
