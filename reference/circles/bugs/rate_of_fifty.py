# expect: wrong-hyperparameter
import torch


def train(model, loader, criterion, optimizer, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=50.0)
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
