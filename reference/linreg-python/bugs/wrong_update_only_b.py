# expect: wrong-update
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for epoch in range(epochs):
        random.shuffle(data)
        for start in range(0, len(data), batch_size):
            batch = data[start : start + batch_size]
            db = 0.0
            for x, y in batch:
                error = w * x + b - y
                db += 2 * error
            db /= len(batch)
            b -= lr * db
    return w, b
