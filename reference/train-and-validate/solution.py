"""Train in training mode, validate in evaluation mode, and keep the two sets apart."""

import torch


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    """Train for `epochs` epochs, validate after each; return the curves, one number an epoch."""
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        history["train_loss"].append(train_one_epoch(model, train_loader, criterion, optimizer))
        val_loss, val_accuracy = validate(model, val_loader, criterion)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_accuracy)
    return history


def train_one_epoch(model, loader, criterion, optimizer):
    """One pass over the training data; the average of its losses over the samples."""
    model.train()  # the validation before this epoch left evaluation mode behind
    total, samples = 0.0, 0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(x)  # a batch's mean counts as often as it has samples
        samples += len(x)
    return (total / samples).item()


@torch.no_grad()
def validate(model, loader, criterion):
    """Loss and accuracy over all samples of a loader, in evaluation mode."""
    model.eval()  # dropout off, batch norm by its running averages
    total, right, samples = 0.0, 0, 0
    for x, y in loader:
        scores = model(x)
        total += criterion(scores, y) * len(x)
        right += (scores.argmax(dim=1) == y).sum()
        samples += len(x)
    return (total / samples).item(), (right / samples).item()
