"""Whole lists at a time, with a helper for what the averages are."""

import torch


def average(old, new, beta):
    return [beta * a + (1 - beta) * b for a, b in zip(old, new)]


class Adam:
    def __init__(self, params, lr=3e-4, betas=(0.9, 0.999), eps=1e-8):
        self.params = list(params)
        self.lr, self.eps = lr, eps
        self.beta1, self.beta2 = betas
        self.m = [torch.zeros_like(p, requires_grad=False) for p in self.params]
        self.v = [torch.zeros_like(p, requires_grad=False) for p in self.params]
        self.t = 0

    def step(self):
        self.t += 1
        with_gradient = [i for i, p in enumerate(self.params) if p.grad is not None]
        grads = [self.params[i].grad.detach() for i in with_gradient]
        m = average([self.m[i] for i in with_gradient], grads, self.beta1)
        v = average([self.v[i] for i in with_gradient], [g.pow(2) for g in grads], self.beta2)
        for i, new_m, new_v in zip(with_gradient, m, v):
            self.m[i], self.v[i] = new_m, new_v
            step = (new_m / (1 - self.beta1**self.t)) / ((new_v / (1 - self.beta2**self.t)).sqrt() + self.eps)
            with torch.no_grad():
                self.params[i].add_(-self.lr * step)

    def zero_grad(self):
        for p in self.params:
            p.grad = None
