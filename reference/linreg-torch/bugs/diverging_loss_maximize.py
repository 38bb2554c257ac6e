# expect: diverging-loss
import torch


def train(model, loader, criterion, optimizer, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, maximize=True)
    averages = []
    for epoch in range(epochs):
        values = []
        for x, y in loader:
            optimizer.zero_grad()
            error = criterion(model(x), y)
            error.backward()
            optimizer.step()
            values.append(error.detach())
        averages.append(torch.stack(values).mean().item())
    return averages
