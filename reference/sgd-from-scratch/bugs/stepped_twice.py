# expect: double-step
import torch


class PlainDescent(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.add_(p.grad, alpha=-group["lr"])


def train(model, loader, criterion, lr, epochs):
    descent = PlainDescent(model.parameters(), lr)
    for _ in range(epochs):
        for x, y in loader:
            descent.zero_grad()
            criterion(model(x), y).backward()
            descent.step()
            descent.step()
