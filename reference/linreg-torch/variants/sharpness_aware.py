"""SAM: climb a little, take the gradient there, come back, and step with it."""

import torch


def train(model, loader, criterion, optimizer, epochs, radius=0.05):
    averages = []
    parameters = list(model.parameters())
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            with torch.no_grad():
                norm = torch.stack([p.grad.norm() for p in parameters]).norm() + 1e-12
                climbs = [radius * p.grad / norm for p in parameters]
                for p, climb in zip(parameters, climbs):
                    p.add_(climb)
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            with torch.no_grad():
                for p, climb in zip(parameters, climbs):
                    p.sub_(climb)
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
