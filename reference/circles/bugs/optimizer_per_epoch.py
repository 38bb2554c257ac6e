# expect: optimizer-recreated
import torch


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
