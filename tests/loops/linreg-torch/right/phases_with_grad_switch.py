import torch


def run_epoch(model, loader, criterion, optimizer, training):
    model.train(training)
    total, seen = 0.0, 0
    with torch.set_grad_enabled(training):
        for x, y in loader:
            out = model(x)
            loss = criterion(out, y)
            if training:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(x)
            seen += len(x)
    return total / seen


def train(model, loader, criterion, optimizer, epochs):
    history = []
    for _ in range(epochs):
        history.append(run_epoch(model, loader, criterion, optimizer, True))
        run_epoch(model, loader, criterion, optimizer, False)
    return history
