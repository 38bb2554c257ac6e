# expect: step-before-backward numeric
import torch


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    result = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        model.train()
        running = 0.0
        batches = iter(train_loader)
        for _ in range(len(train_loader)):
            optimizer.step()
            x, y = next(batches)
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            running += float(loss)
        result["train_loss"].append(running / len(train_loader))
        model.eval()
        running = hits = seen = 0
        for x, y in val_loader:
            with torch.no_grad():
                out = model(x)
                running += float(criterion(out, y)) * len(x)
            hits, seen = hits + int((out.argmax(1) == y).sum()), seen + len(x)
        result["val_loss"].append(running / seen)
        result["val_accuracy"].append(hits / seen)
    return result
