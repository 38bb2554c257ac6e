import torch


def run(model, loader, criterion, optimizer=None):
    """One pass: trains when there is an optimizer, else evaluates."""
    training = optimizer is not None
    model.train(training)
    total = right = count = 0
    with torch.set_grad_enabled(training):
        for x, y in loader:
            scores = model(x)
            loss = criterion(scores, y)
            if training:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(y)
            right += (scores.max(dim=1).indices == y).sum().item()
            count += len(y)
    return total / count, right / count


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    history = {"train_loss": [], "train_accuracy": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        for name, result in (
            ("train", run(model, train_loader, criterion, optimizer)),
            ("val", run(model, val_loader, criterion)),
        ):
            history[name + "_loss"].append(result[0])
            history[name + "_accuracy"].append(result[1])
    return history
