"""Stop when the validation loss has not improved for a while, and go back to the best weights."""

import copy

import torch


def fit(model, train_loader, val_loader, criterion, optimizer, max_epochs, patience):
    """Train for at most `max_epochs` epochs; return the index of the best one, whose weights the model then has."""
    best_loss, best_epoch, best_weights = float("inf"), 0, None
    waited = 0  # epochs in a row without a new best
    for epoch in range(max_epochs):
        train_one_epoch(model, train_loader, criterion, optimizer)
        loss = validate(model, val_loader, criterion)
        if loss < best_loss:
            best_loss, best_epoch, waited = loss, epoch, 0
            best_weights = copy.deepcopy(model.state_dict())  # state_dict() alone follows every later step
        else:
            waited += 1
        if waited >= patience:
            break
    model.load_state_dict(best_weights)
    return best_epoch


def train_one_epoch(model, loader, criterion, optimizer):
    """One pass over the training data."""
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()


@torch.no_grad()
def validate(model, loader, criterion):
    """The average loss over all samples of a loader, in evaluation mode."""
    model.eval()
    total = sum(criterion(model(x), y) * len(x) for x, y in loader)
    return total.item() / len(loader.dataset)
