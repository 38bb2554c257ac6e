# expect: wrong-update
import torch


class Adam:
    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-08):
        self.params = params
        self.lr, self.betas, self.eps = (lr, betas, eps)
        self.first = {}
        self.second = {}
        self.steps = {}

    @torch.no_grad()
    def step(self):
        beta1, beta2 = self.betas
        for p in self.params:
            k = id(p)
            m = self.first.setdefault(k, torch.zeros_like(p))
            v = self.second.setdefault(k, torch.zeros_like(p))
            self.steps.setdefault(k, 0)
            if p.grad is None:
                continue
            self.steps[k] += 1
            m.mul_(beta1).add_((1 - beta1) * p.grad)
            v.mul_(beta2).add_((1 - beta2) * p.grad**2)
            m_hat = m / (1 - beta1 ** self.steps[k])
            v_hat = v / (1 - beta2 ** self.steps[k])
            p.sub_(self.lr * m_hat / (v_hat.sqrt() + self.eps))

    def zero_grad(self):
        for p in self.params:
            p.grad = None
