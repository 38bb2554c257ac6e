# expect: wrong-loss
import torch


def train(model, loader, criterion, optimizer, epochs):
    hinge = torch.nn.MultiMarginLoss()
    for _ in range(epochs):
        for x, y in loader:
            loss = hinge(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
