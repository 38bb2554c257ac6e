"""Every parameter has an object of its own that knows its averages."""

import torch


class Slot:
    def __init__(self, tensor):
        self.tensor = tensor
        self.average = self.square = 0.0
        self.age = 0

    def move(self, lr, beta1, beta2, eps):
        gradient = self.tensor.grad
        if gradient is None:
            return
        self.age += 1
        self.average = beta1 * self.average + (1.0 - beta1) * gradient
        self.square = beta2 * self.square + (1.0 - beta2) * gradient**2
        upper = self.average / (1.0 - beta1**self.age)
        lower = (self.square / (1.0 - beta2**self.age)) ** 0.5 + eps
        self.tensor.data.add_(upper / lower, alpha=-lr)

    def clear(self):
        self.tensor.grad = None


class Adam:
    def __init__(self, params, lr, betas, eps):
        self.slots = [Slot(tensor) for tensor in params]
        self.numbers = (lr, *betas, eps)

    def step(self):
        for slot in self.slots:
            slot.move(*self.numbers)

    def zero_grad(self):
        for slot in self.slots:
            slot.clear()
