# expect: memory-exceeded
import torch


def train(model, loader, criterion, optimizer, epochs):
    averages, debris = [], []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            prediction = model(x)
            loss = criterion(prediction, y)
            loss.backward()
            optimizer.step()
            total += loss.item()
            debris.append(prediction.detach().repeat(1, 1 << 20))  # 64 MiB, kept in every step
        averages.append(total / len(loader))
    return averages
