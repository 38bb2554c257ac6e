"""The last, shorter batch is left out."""

import random


def train(data, epochs, batch_size, lr):
    theta = [0.0, 0.0]
    whole = len(data) // batch_size
    for _ in range(epochs):
        random.shuffle(data)
        for k in range(whole):
            batch = data[k * batch_size : (k + 1) * batch_size]
            gradient = [0.0, 0.0]
            for x, y in batch:
                error = theta[0] * x + theta[1] - y
                gradient[0] += 2 * error * x
                gradient[1] += 2 * error
            theta = [t - lr * g / batch_size for t, g in zip(theta, gradient)]
    return theta[0], theta[1]
