# expect: missing-backward
import torch

def train(model, loader, criterion, optimizer, epochs):
    hist = []
    for _ in range(epochs):
        model.train()
        cum = 0.0
        with torch.no_grad():
            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                if loss.requires_grad:
                    loss.backward()
                optimizer.step()
                cum += loss.item()
        hist.append(cum / len(loader))
    return hist
