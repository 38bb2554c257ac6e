import torch
from torch import nn


def shapes(batch, sizes):
    layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
    x = torch.zeros(batch, sizes[0])
    seen = [x.shape]
    for layer in layers:
        x = torch.relu(layer(x))
        seen.append(x.shape)
    return seen


def gradients(w, b, x, target):
    w = torch.tensor(float(w), requires_grad=True)
    b = torch.tensor(float(b), requires_grad=True)
    loss = (w * x + b - target) ** 2
    loss.backward()
    return w.grad, b.grad
