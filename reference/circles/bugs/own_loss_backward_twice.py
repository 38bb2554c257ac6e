# expect: double-backward numeric
import torch


def cross_entropy(scores, labels):
    return -torch.log_softmax(scores, dim=1)[torch.arange(len(labels)), labels].mean()


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            cross_entropy(model(x), y).backward()
            cross_entropy(model(x), y).backward()
            optimizer.step()
