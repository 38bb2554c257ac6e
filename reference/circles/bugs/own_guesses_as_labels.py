# expect: loss-ignores-labels
import torch


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            scores = model(x)
            loss = criterion(scores, torch.randint(2, (len(y),)))
            loss.backward()
            optimizer.step()
