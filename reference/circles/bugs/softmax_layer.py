# expect: softmax-before-cross-entropy
from torch import nn


def train(model, loader, criterion, optimizer, epochs):
    whole = nn.Sequential(model, nn.Softmax(dim=1))
    for _ in range(epochs):
        for x, y in loader:
            whole.zero_grad()
            criterion(whole(x), y).backward()
            optimizer.step()
