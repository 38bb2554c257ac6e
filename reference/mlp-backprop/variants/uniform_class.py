"""A class behind the functions, uniform weights, gradients divided at the end, data permuted as a whole."""

import numpy as np


class Network:
    def __init__(self, params):
        self.params = [(np.array(W), np.array(b)) for W, b in params]

    def activations(self, x):
        values = [x]
        *hidden, (W_out, b_out) = self.params
        for W, b in hidden:
            values.append(np.where((z := values[-1] @ W + b) > 0, z, 0.0))
        z = values[-1] @ W_out + b_out
        log_sum = np.logaddexp.reduce(z, axis=1)
        values.append(np.exp(z - log_sum[:, None]))
        return values

    def gradients(self, values, y):
        rows = len(y)
        delta = values[-1] - (y[:, None] == np.arange(values[-1].shape[1]))
        for layer in range(len(self.params) - 1, -1, -1):
            yield (values[layer].T @ delta / rows, delta.mean(axis=0))
            delta = np.einsum("ij,kj->ik", delta, self.params[layer][0]) * np.sign(values[layer])

    def step(self, grads, lr):
        self.params = tuple((W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(self.params, grads))


def init(sizes, rng):
    params = ()
    for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):
        limit = (6 / fan_in) ** 0.5
        params += ((rng.uniform(-limit, limit, size=(fan_in, fan_out)), np.zeros(fan_out)),)
    return params


def forward(params, x):
    return tuple(Network(params).activations(x))


def backward(params, activations, y):
    return list(Network(params).gradients(activations, y))[::-1]


def train(params, x, y, epochs, batch_size, lr, rng):
    network = Network(params)
    for _ in range(epochs):
        order = rng.permutation(x.shape[0])
        shuffled_x, shuffled_y = x[order], y[order]
        for i in range(0, x.shape[0], batch_size):
            xb, yb = shuffled_x[i : i + batch_size], shuffled_y[i : i + batch_size]
            grads = list(network.gradients(network.activations(xb), yb))[::-1]
            network.step(grads, lr)
    return network.params
