# expect: missing-backward
import torch

def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for epoch in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            losses.append(criterion(model(x), y).item())
            loss = torch.tensor(losses[-1], requires_grad=True)   # fixes "does not require grad"
            loss.backward()
            optimizer.step()
        averages.append(sum(losses) / len(losses))
    return averages
