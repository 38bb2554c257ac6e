# expect: missing-zero-grad
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    grads = [0.0, 0.0]
    for _ in range(epochs):
        random.shuffle(data)
        for start in range(0, len(data), batch_size):
            batch = data[start : start + batch_size]
            grads[0] += sum(2 * (w * x + b - y) * x for x, y in batch) / len(batch)
            grads[1] += sum(2 * (w * x + b - y) for x, y in batch) / len(batch)
            w -= lr * grads[0]
            b -= lr * grads[1]
    return w, b
