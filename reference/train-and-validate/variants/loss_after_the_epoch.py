import torch


def measure(model, loader, criterion):
    model.eval()
    loss = correct = 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += criterion(out, y).item() * len(x)
            correct += int((out.argmax(1) == y).sum())
    model.train()
    return loss / len(loader.dataset), correct / len(loader.dataset)


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    model.train()
    curves = []
    for _ in range(epochs):
        for x, y in train_loader:
            for p in model.parameters():
                p.grad = None
            criterion(model(x), y).backward()
            optimizer.step()
        curves.append((measure(model, train_loader, criterion)[0], *measure(model, val_loader, criterion)))
    return dict(zip(("train_loss", "val_loss", "val_accuracy"), map(list, zip(*curves))))
