# expect: non-finite-loss
import torch

def relative(pred, y):
    return ((pred - y) / (y - y.clamp(min=0))).pow(2).mean()    # positive targets are divided by 0

def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = relative(model(x), y)
            loss.backward()
            optimizer.step()
            s += loss.item()
        averages.append(s / len(loader))
    return averages
