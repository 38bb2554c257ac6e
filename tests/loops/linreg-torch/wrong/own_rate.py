# expect: wrong-hyperparameter
import torch

LR = 1e-2

def train(model, loader, criterion, optimizer, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            s += loss.item()
        averages.append(s / len(loader))
    return averages
