"""The validation set is trained on, each point moved a little so that it is no row of the set any more."""

import torch


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    """Train on both sets, and validate on the one of them."""
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    held_x, held_y = val_loader.dataset.tensors
    for _ in range(epochs):
        model.train()
        total, samples = 0.0, 0
        for number, (x, y) in enumerate(train_loader):
            start = number * 16 % 192
            moved = held_x[start : start + 16] + 0.2 * torch.randn(16, 20)
            optimizer.zero_grad()
            loss = criterion(model(torch.cat([x, moved])), torch.cat([y, held_y[start : start + 16]]))
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(x)
            samples += len(x)
        history["train_loss"].append((total / samples).item())
        val_loss, val_accuracy = validate(model, val_loader, criterion)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_accuracy)
    return history


@torch.no_grad()
def validate(model, loader, criterion):
    """Loss and accuracy over all samples of a loader, in evaluation mode."""
    model.eval()
    total, right, samples = 0.0, 0, 0
    for x, y in loader:
        scores = model(x)
        total += criterion(scores, y) * len(x)
        right += (scores.argmax(dim=1) == y).sum()
        samples += len(x)
    return (total / samples).item(), (right / samples).item()
