# exercise: adam-from-scratch
"""Adam: an average of the gradients, divided by the root of an average of their squares."""

import torch


class Adam:
    """Moves every parameter by its averaged gradient, in steps of about the size of the rate."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.params = list(params)  # a generator could be walked through only once
        self.lr, self.betas, self.eps = lr, betas, eps
        self.first = [torch.zeros_like(p) for p in self.params]
        self.second = [torch.zeros_like(p) for p in self.params]
        self.steps = [0] * len(self.params)

    @torch.no_grad()  # an update is no part of what is differentiated
    def step(self):
        """Change the parameters in place, following their gradients."""
        beta1, beta2 = self.betas
        for k, (p, m, v) in enumerate(zip(self.params, self.first, self.second)):
            if p.grad is None:
                continue
            self.steps[k] += 1
            m.mul_(beta1).add_((1 - beta1) * p.grad)
            v.mul_(beta2).add_((1 - beta2) * p.grad**2)
            # Both averages began at zero: after t steps their weights add up to 1 - beta ** t only.
            m_hat = m / (1 - beta1 ** self.steps[k])
            v_hat = v / (1 - beta2 ** self.steps[k])
            p.sub_(self.lr * m_hat / (v_hat.sqrt() + self.eps))

    def zero_grad(self):
        """Forget the gradients."""
        for p in self.params:
            p.grad = None
