"""Parameters and gradients live in dicts."""

import random


def train(data, epochs, batch_size, lr):
    params = {"w": 0.0, "b": 0.0}
    for _ in range(epochs):
        random.shuffle(data)
        for k in range(-(-len(data) // batch_size)):
            batch = data[k * batch_size : (k + 1) * batch_size]
            grads = dict.fromkeys(params, 0.0)
            for x, y in batch:
                error = params["w"] * x + params["b"] - y
                grads["w"] += 2 * error * x / len(batch)
                grads["b"] += 2 * error / len(batch)
            for name in params:
                params[name] -= lr * grads[name]
    return params["w"], params["b"]
