"""Stop in time: fill the gaps, then `grade submit --exercise early-stopping starter.py`."""


def fit(model, train_loader, val_loader, criterion, optimizer, max_epochs, patience):
    """Train until the validation loss has not improved for `patience` epochs; return the best epoch's index."""
    best_epoch = 0
    for epoch in range(max_epochs):
        for x, y in train_loader:
            loss = criterion(model(x), y)
            # TODO: training mode; clear the gradients, send the loss backward, step
        # TODO: the average loss over val_loader, in evaluation mode and without gradients
        # TODO: a new best loss? then keep epoch and weights, and count anew; else count, and stop in time
    # TODO: put the best weights back into the model
    return best_epoch
