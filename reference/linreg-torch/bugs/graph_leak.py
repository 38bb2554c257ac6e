# expect: graph-leak
import torch


def train(model, loader, criterion, optimizer, epochs):
    losses = []
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss)
    return torch.stack(losses).reshape(epochs, -1).mean(dim=1).tolist()
