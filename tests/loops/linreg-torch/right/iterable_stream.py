import random
from torch.utils.data import DataLoader, IterableDataset


class Shuffled(IterableDataset):
    """A stream over a data set, in a new order at each pass."""

    def __init__(self, data):
        self.data = data

    def __iter__(self):
        order = list(range(len(self.data)))
        random.shuffle(order)
        for i in order:
            yield self.data[i]


def train(model, loader, criterion, optimizer, epochs):
    stream = DataLoader(Shuffled(loader.dataset), batch_size=16)
    result = []
    for _ in range(epochs):
        total, n = 0.0, 0
        for x, y in stream:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * x.shape[0]
            n += x.shape[0]
        result.append(total / n)
    return result
