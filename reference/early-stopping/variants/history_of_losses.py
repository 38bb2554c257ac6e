import torch


def fit(model, train_loader, val_loader, criterion, optimizer, max_epochs, patience):
    losses, states = [], []
    while len(losses) < max_epochs and not done(losses, patience):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad(set_to_none=False)
            criterion(model(x), y).backward()
            optimizer.step()
        losses.append(evaluate(model, val_loader, criterion))
        states.append({k: v.clone() for k, v in model.state_dict().items()})
    best = losses.index(min(losses))
    model.load_state_dict(states[best])
    print("loss of the best weights:", evaluate(model, val_loader, criterion), "of", min(losses))
    return best


def done(losses, patience):
    """The best loss lies `patience` epochs back."""
    return bool(losses) and len(losses) - 1 - losses.index(min(losses)) >= patience


@torch.no_grad()
def evaluate(model, loader, criterion):
    model.eval()
    return sum(criterion(model(x), y).item() * len(y) for x, y in loader) / len(loader.dataset)
