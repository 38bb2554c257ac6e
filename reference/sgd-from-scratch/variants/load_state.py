"""The new values go in through the state dict."""

import torch


def train(model, loader, criterion, lr, epochs):
    names = [name for name, _ in model.named_parameters()]
    for _ in range(epochs):
        for x, y in loader:
            grads = torch.autograd.grad(criterion(model(x), y), list(model.parameters()))
            state = model.state_dict()
            for name, grad in zip(names, grads):
                state[name] = state[name] - lr * grad
            model.load_state_dict(state)
