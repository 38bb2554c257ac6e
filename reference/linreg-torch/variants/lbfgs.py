"""An optimizer of another kind at the same rate: LBFGS wants all points at once, and calls its closure often."""

import torch


def train(model, loader, criterion, optimizer, epochs):
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.05, max_iter=8)
    averages = []
    for _ in range(epochs):
        x, y = (torch.cat(parts) for parts in zip(*loader))

        def evaluate(x=x, y=y):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            return loss

        averages.append(optimizer.step(evaluate).item())
    return averages
