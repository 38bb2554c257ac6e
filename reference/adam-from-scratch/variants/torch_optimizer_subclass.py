"""A subclass of torch.optim.Optimizer: only its bookkeeping is inherited, the rule is written here."""

import torch


class Adam(torch.optim.Optimizer):
    def __init__(self, params, lr, betas, eps):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"], state["m"], state["v"] = 0, torch.zeros_like(p), torch.zeros_like(p)
                state["step"] += 1
                state["m"] += (1 - beta1) * (p.grad - state["m"])
                state["v"] += (1 - beta2) * (p.grad**2 - state["v"])
                m = state["m"] / (1 - beta1 ** state["step"])
                v = state["v"] / (1 - beta2 ** state["step"])
                p.copy_(p - group["lr"] * m / (v.sqrt() + group["eps"]))
