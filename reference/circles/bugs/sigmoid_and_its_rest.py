# expect: softmax-before-cross-entropy
import torch


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            scores = model(x)
            p = torch.sigmoid(scores[:, 1] - scores[:, 0])
            loss = criterion(torch.stack([1 - p, p], dim=1), y)
            loss.backward()
            optimizer.step()
