import torch
from torch.utils.data import DataLoader


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    whole = DataLoader(val_loader.dataset, batch_size=len(val_loader.dataset))
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    before = validate(model, whole, criterion)  # how good is guessing?
    print("before training:", before)
    for _ in range(epochs):
        model.train()
        losses = []
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            losses.append(loss.detach())
        loss, accuracy = validate(model, whole, criterion)
        history["train_loss"].append(sum(losses).item() / len(losses))
        history["val_loss"].append(round(loss, 4))
        history["val_accuracy"].append(round(accuracy, 4))
    return history


@torch.no_grad()
def validate(model, loader, criterion):
    was_training = model.training
    model.eval()
    for x, y in loader:  # one batch
        out = model(x)
        result = criterion(out, y).item(), (out.argmax(dim=1) == y).float().mean().item()
    model.train(was_training)
    return result
