import torch

def train(model, loader, criterion, optimizer, epochs):
    fast = torch.compile(model, backend="eager")
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(fast(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
