import torch


@torch.inference_mode()
def evaluate(model, loader, criterion):
    model.eval()
    total, n = 0.0, 0
    for x, y in loader:
        total += criterion(model(x), y).item() * x.size(0)
        n += x.size(0)
    model.train()
    return total / n


def train(model, loader, criterion, optimizer, epochs):
    losses = []
    for e in range(epochs):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        losses.append(evaluate(model, loader, criterion))
    return losses
