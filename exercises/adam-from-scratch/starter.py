"""Adam from scratch: fill the gaps, then `grade submit --exercise adam-from-scratch starter.py`."""

import torch


class Adam:
    """Moves every parameter by its averaged gradient, in steps of about the size of the rate."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.params = list(params)
        self.lr, self.betas, self.eps = lr, betas, eps
        # TODO: two averages for each parameter, both zeros at first, and a count of the steps

    @torch.no_grad()
    def step(self):
        """Change the parameters in place, following their gradients."""
        for p in self.params:
            if p.grad is None:
                continue
            # TODO: both averages, their bias corrections, and Adam's own update
            p -= self.lr * p.grad

    def zero_grad(self):
        """Forget the gradients."""
        # TODO: clear the gradient of every parameter
