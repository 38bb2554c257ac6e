"""Fit a line: fill the gaps, then `grade submit --exercise linreg-torch starter.py`."""


def train(model, loader, criterion, optimizer, epochs):
    """Train `model` for `epochs` passes over `loader`; return each epoch's average loss."""
    averages = []
    for _ in range(epochs):
        total, points = 0.0, 0
        for x, y in loader:
            loss = criterion(model(x), y)
            # TODO: clear the gradients that the last step left behind
            # TODO: send the loss backward
            # TODO: move the parameters
            total += loss.detach() * len(x)
            points += len(x)
        averages.append((total / points).item())
    return averages
