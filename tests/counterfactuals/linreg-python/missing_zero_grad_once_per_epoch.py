"""The sums are set back when an epoch begins."""

import random


class Line:
    def __init__(self):
        self.slope = self.height = 0.0

    def errors(self, points):
        return [self.height + self.slope * x - y for x, y in points]

    def gradients(self, points):
        errors = self.errors(points)
        self.sums[0] += sum(2 * error * x for error, (x, _) in zip(errors, points))
        self.sums[1] += sum(2 * error for error in errors)
        return [total / len(points) for total in self.sums]

    def move(self, gradients, rate):
        self.slope -= rate * gradients[0]
        self.height -= rate * gradients[1]


def cut(points, size):
    while points:
        yield points[:size]
        points = points[size:]


def train(data, epochs, batch_size, lr):
    line, points = Line(), list(data)
    for _ in range(epochs):
        line.sums = [0.0, 0.0]
        random.shuffle(points)
        for batch in cut(points, batch_size):
            line.move(line.gradients(batch), lr)
    return line.slope, line.height
