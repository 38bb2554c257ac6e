# expect: not-shuffled
from torch.utils.data import DataLoader, Subset
import torch

def make_loader(ds, bs):
    order = torch.randperm(len(ds)).tolist()
    return DataLoader(Subset(ds, order), batch_size=bs, shuffle=False)

def train(model, loader, criterion, optimizer, epochs):
    dl = make_loader(loader.dataset, 16)
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x, y in dl:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            s += loss.item()
        averages.append(s / len(dl))
    return averages
