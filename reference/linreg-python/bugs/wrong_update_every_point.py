# expect: wrong-update numeric: a loop that steps after every point
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        random.shuffle(data)
        for start in range(0, len(data), batch_size):
            for x, y in data[start : start + batch_size]:
                error = w * x + b - y
                w -= lr * 2 * error * x
                b -= lr * 2 * error
    return w, b
