# expect: wrong-update numeric: an Adam whose averages start anew at every step
import torch


class Adam:
    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-08):
        self.params = list(params)
        self.lr, self.betas, self.eps = (lr, betas, eps)
        self.first = [torch.zeros_like(p) for p in self.params]
        self.second = [torch.zeros_like(p) for p in self.params]
        self.steps = [0] * len(self.params)

    @torch.no_grad()
    def step(self):
        beta1, beta2 = self.betas
        for k, (p, m, v) in enumerate(zip(self.params, self.first, self.second)):
            if p.grad is None:
                continue
            self.steps[k] += 1
            m = (1 - beta1) * p.grad
            v = (1 - beta2) * p.grad**2
            m_hat = m / (1 - beta1 ** self.steps[k])
            v_hat = v / (1 - beta2 ** self.steps[k])
            p.sub_(self.lr * m_hat / (v_hat.sqrt() + self.eps))

    def zero_grad(self):
        for p in self.params:
            p.grad = None
