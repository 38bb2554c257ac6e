"""The paper's shorter form: both corrections in the rate."""

import math

import torch


class Adam:
    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        self.slots = [[p, torch.zeros_like(p), torch.zeros_like(p)] for p in params]
        self.lr, self.betas, self.eps = lr, betas, eps
        self.count = 0

    def step(self):
        self.count = self.count + 1
        beta1, beta2 = self.betas
        rate = self.lr * math.sqrt(1 - math.pow(beta2, self.count)) / (1 - math.pow(beta1, self.count))
        with torch.no_grad():
            for p, m, v in self.slots:
                if p.grad is None:
                    continue
                torch.lerp(m, p.grad, 1 - beta1, out=m)
                v *= beta2
                v += (1 - beta2) * p.grad.square()
                p -= rate * m / (v.sqrt() + self.eps)

    def zero_grad(self, set_to_none=True):
        for slot in self.slots:
            slot[0].grad = None
