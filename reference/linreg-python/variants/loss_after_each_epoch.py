"""After each epoch the loss over all points is printed."""

import random


def loss_of(w, b, data):
    return sum((w * x + b - y) ** 2 for x, y in data) / len(data)


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    print(f"before: {loss_of(w, b, data):.4f}")
    for epoch in range(epochs):
        random.shuffle(data)
        for start in range(0, len(data), batch_size):
            batch = data[start : start + batch_size]
            dw = db = 0.0
            for x, y in batch:
                pred = w * x + b
                dw += 2 * (pred - y) * x
                db += 2 * (pred - y)
            dw /= len(batch)
            db /= len(batch)
            w -= lr * dw
            b -= lr * db
        print(f"epoch {epoch + 1}: loss {loss_of(w, b, data):.4f}")
    return w, b
