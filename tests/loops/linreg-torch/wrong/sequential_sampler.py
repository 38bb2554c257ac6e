# expect: not-shuffled
from torch.utils.data import DataLoader, SequentialSampler

def train(model, loader, criterion, optimizer, epochs):
    train_dl = DataLoader(loader.dataset, sampler=SequentialSampler(loader.dataset), batch_size=16)
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x, y in train_dl:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            s += loss.item()
        averages.append(s / len(train_dl))
    return averages
