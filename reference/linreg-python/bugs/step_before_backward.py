# expect: step-before-backward numeric
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    dw, db = 0.0, 0.0
    for _ in range(epochs):
        random.shuffle(data)
        for start in range(0, len(data), batch_size):
            batch = data[start : start + batch_size]
            errors = [w * x + b - y for x, y in batch]
            w -= lr * dw
            b -= lr * db
            dw = sum(2 * e * x for e, (x, y) in zip(errors, batch)) / len(batch)
            db = sum(2 * e for e in errors) / len(batch)
    return w, b
