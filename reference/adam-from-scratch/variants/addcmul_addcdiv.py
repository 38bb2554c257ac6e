"""As torch.optim writes it: addcmul, addcdiv, averages made when first needed, products kept instead of powers."""

import torch


class Adam:
    def __init__(self, params, lr, betas, eps):
        self.param_groups = [dict(params=tuple(params), lr=lr, betas=betas, eps=eps)]
        self.state = {}

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                if id(p) not in self.state:
                    self.state[id(p)] = {
                        "m": torch.zeros_like(p),
                        "v": torch.zeros_like(p),
                        "p1": 1.0,
                        "p2": 1.0,
                    }
                state = self.state[id(p)]
                state["p1"] *= b1
                state["p2"] *= b2
                state["m"].mul_(b1).add_(p.grad, alpha=1 - b1)
                state["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                lower = (state["v"] / (1 - state["p2"])).sqrt_().add_(group["eps"])
                p.addcdiv_(state["m"], lower, value=-group["lr"] / (1 - state["p1"]))

    def zero_grad(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad.detach_()
                    p.grad.zero_()
