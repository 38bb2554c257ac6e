"""One count for all, a dictionary by parameter, `.data`, gradients cleared to zeros."""

import torch


class Adam:
    def __init__(self, params, lr, betas, eps):
        self.params = [p for p in params]
        self.state = {p: {"m": torch.zeros_like(p.data), "v": torch.zeros_like(p.data)} for p in self.params}
        self.lr = lr
        self.b1, self.b2 = betas
        self.eps = eps
        self.t = 0

    def step(self):
        self.t += 1
        for p in self.params:
            if p.grad is not None:
                g, s = p.grad.data, self.state[p]
                s["m"] = self.b1 * s["m"] + (1 - self.b1) * g
                s["v"] = self.b2 * s["v"] + (1 - self.b2) * g * g
                m_hat = s["m"] / (1 - self.b1**self.t)
                v_hat = s["v"] / (1 - self.b2**self.t)
                p.data = p.data - self.lr * m_hat / (torch.sqrt(v_hat) + self.eps)

    def zero_grad(self):
        for p in self.params:
            if p.grad is not None:
                p.grad.zero_()
