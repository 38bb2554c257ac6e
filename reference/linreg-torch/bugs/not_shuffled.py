# expect: not-shuffled
from torch.utils.data import DataLoader


def train(model, loader, criterion, optimizer, epochs):
    batches = DataLoader(loader.dataset, batch_size=16)
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(batches))
    return averages
