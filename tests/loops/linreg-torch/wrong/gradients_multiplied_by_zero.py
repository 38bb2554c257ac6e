# expect: zero-grad-after-backward
import torch

def train(model, loader, criterion, optimizer, epochs):
    res = []
    for _ in range(epochs):
        s = 0.
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            with torch.no_grad():
                for p in model.parameters():
                    p.grad.zero_()
            optimizer.step()
            s += loss.item()
        res.append(s / len(loader))
    return res
