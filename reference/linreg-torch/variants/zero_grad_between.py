"""Clears between forward and backward: the forward pass does not look at gradients."""


def train(model, loader, criterion, optimizer, epochs):
    history = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            prediction = model(x)
            optimizer.zero_grad()
            loss = criterion(prediction, y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        history.append(total / len(loader))
    return history
