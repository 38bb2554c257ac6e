"""Gradients come and go, and the parameters stay."""


def gradients(model, points, rings, criterion):
    model.zero_grad()
    criterion(model(points), rings).backward()
    return [weight.grad for weight in model.parameters()]


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for points, rings in loader:
            gradients(model, points, rings, criterion)
