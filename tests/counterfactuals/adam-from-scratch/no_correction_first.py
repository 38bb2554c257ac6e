"""Only the squares are corrected."""

import torch


class Moments:
    def __init__(self, weight):
        self.mean = torch.zeros_like(weight)
        self.square = torch.zeros_like(weight)
        self.count = 0

    def take(self, slope, beta1, beta2):
        self.count += 1
        self.mean = beta1 * self.mean + (1 - beta1) * slope
        self.square = beta2 * self.square + (1 - beta2) * slope.square()

    def direction(self, beta1, beta2, eps):
        mean = self.mean
        square = self.square / (1 - beta2**self.count)
        return mean / (torch.sqrt(square) + eps)


class Adam:
    def __init__(self, params, lr, betas, eps):
        self.weights = {weight: Moments(weight) for weight in params}
        self.rate, self.betas, self.eps = lr, betas, eps

    def step(self):
        for weight, moments in self.weights.items():
            if weight.grad is not None:
                moments.take(weight.grad, *self.betas)
                weight.data.sub_(moments.direction(*self.betas, self.eps), alpha=self.rate)

    def zero_grad(self):
        for weight in self.weights:
            weight.grad = None
