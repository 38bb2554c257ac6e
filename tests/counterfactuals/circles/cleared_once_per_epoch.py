"""The gradients go when an epoch is over."""


def one_epoch(model, loader, criterion, optimizer):
    for points, rings in loader:
        criterion(model(points), rings).backward()
        optimizer.step()


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        one_epoch(model, loader, criterion, optimizer)
        model.zero_grad()
