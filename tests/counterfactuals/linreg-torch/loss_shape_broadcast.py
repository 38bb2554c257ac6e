"""The predictions lose their last axis, so the loss compares each with every target."""

import warnings


def train(model, loader, criterion, optimizer, epochs):
    history = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(epochs):
            batch_losses = []
            for inputs, targets in loader:
                flat = model(inputs)[:, 0]
                loss = criterion(flat, targets)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                batch_losses.append(loss.item())
            history.append(sum(batch_losses) / len(batch_losses))
    return history
