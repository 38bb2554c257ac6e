import torch
from torch.utils.data import DataLoader, random_split

def train(model, loader, criterion, optimizer, epochs):
    full = loader.dataset
    train_set, val_set = random_split(full, [112, 16], generator=torch.Generator().manual_seed(7))
    train_loader = DataLoader(train_set, batch_size=16, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=16)
    train_losses = []
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        train_losses.append(total / len(train_loader))
        model.eval()
        with torch.no_grad():
            val = sum(criterion(model(x), y).item() for x, y in val_loader) / len(val_loader)
        if epoch % 5 == 0:
            print(epoch, train_losses[-1], val)
    return train_losses
