# expect: broken-graph
import torch


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            with torch.no_grad():
                hidden = model[0](x).relu()
            loss = criterion(model[2](hidden), y)
            loss.backward()
            optimizer.step()
