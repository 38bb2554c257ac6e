# expect: missing-zero-grad numeric: a loop that clears gradients once an epoch
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for epoch in range(epochs):
        random.shuffle(data)
        dw = db = 0.0
        for start in range(0, len(data), batch_size):
            batch = data[start : start + batch_size]
            for x, y in batch:
                error = w * x + b - y
                dw += 2 * error * x
                db += 2 * error
            n = len(batch)
            w -= lr * dw / n
            b -= lr * db / n
    return w, b
