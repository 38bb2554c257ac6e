"""A class holds the parameters and their gradients."""

import random


class Line:
    def __init__(self):
        self.w, self.b = 0.0, 0.0
        self.clear()

    def clear(self):
        self.dw, self.db = 0.0, 0.0

    def __call__(self, x):
        return self.w * x + self.b

    def backward(self, x, y, weight):
        slope = -2.0 * (y - self(x))
        self.dw += weight * (slope * x)
        self.db += weight * slope

    def step(self, rate):
        self.w -= rate * self.dw
        self.b -= rate * self.db


def train(data, epochs, batch_size, lr):
    line = Line()
    for _ in range(epochs):
        order = sorted(data, key=lambda point: random.random())
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            line.clear()
            for x, y in batch:
                line.backward(x, y, 1 / len(batch))
            line.step(lr)
    return line.w, line.b
