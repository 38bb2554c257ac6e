# expect: diverging-loss
import torch


def train(model, loader, criterion, optimizer, epochs):
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(epochs):
        for x, y in loader:
            adam.zero_grad()
            loss = -criterion(model(x), y)
            loss.backward()
            adam.step()
