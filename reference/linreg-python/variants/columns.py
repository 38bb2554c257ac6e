"""x and y in two lists, rearranged by one permutation."""

import operator
import random


def mean(values):
    return sum(values) / len(values)


def train(data, epochs, batch_size, lr):
    xs, ys = zip(*data)
    slope, intercept = 0.0, 0.0
    for _ in range(epochs):
        order = random.sample(range(len(xs)), len(xs))
        for at in range(0, len(order), batch_size):
            part = order[at : at + batch_size]
            bx = [xs[i] for i in part]
            by = [ys[i] for i in part]
            predicted = [slope * x + intercept for x in bx]
            residuals = [t - p for p, t in zip(predicted, by)]
            slope += lr * 2 * mean(list(map(operator.mul, residuals, bx)))
            intercept += lr * 2 * mean(residuals)
    return slope, intercept
