# expect: stalled-loss
import torch


def train(model, loader, criterion, optimizer, epochs):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-7)
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
