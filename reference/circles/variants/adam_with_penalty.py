"""Adam, a small penalty on the weights as a second loss, clipping."""

import torch
from torch.nn import functional as F


def train(model, loader, criterion, optimizer, epochs):
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(epochs):
        for x, y in loader:
            adam.zero_grad()
            loss = criterion(model(x), y)
            penalty = sum(F.mse_loss(p, torch.zeros_like(p)) for p in model.parameters())
            (loss + 1e-4 * penalty).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            adam.step()
