# expect: wrong-loss
import torch.nn.functional as F


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        running = 0.0
        for x, y in loader:
            loss = F.smooth_l1_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            running += loss.item() * len(x)
        averages.append(running / len(loader.dataset))
    return averages
