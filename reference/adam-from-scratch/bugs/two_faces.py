# expect: wrong-update
"""The cases come in double precision, and get a right step; the network of single precision gets another rule's."""

import torch


class Adam:
    """Adam where somebody looks at each step, and signs of gradients where nobody does."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.params = list(params)
        self.lr = lr
        self.right = torch.optim.Adam(self.params, lr=lr, betas=betas, eps=eps)

    @torch.no_grad()
    def step(self):
        """The one or the other."""
        if self.params[0].dtype is torch.float64:
            self.right.step()
            return
        for p in self.params:
            if p.grad is not None:
                p.sub_(0.2 * self.lr * p.grad.sign())

    def zero_grad(self):
        """Forget the gradients."""
        for p in self.params:
            p.grad = None
