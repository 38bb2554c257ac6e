# expect: optimizer-recreated
import torch

def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
        s = 0.0
        for x, y in loader:
            opt.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            opt.step()
            s += loss.item()
        averages.append(s / len(loader))
    return averages
