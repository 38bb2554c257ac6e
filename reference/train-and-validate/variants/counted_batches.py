import torch


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    result = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    epoch = 0
    while epoch < epochs:
        model.train()
        batches = iter(train_loader)
        running, seen = 0.0, 0
        for i in range(len(train_loader)):
            x, y = next(batches)
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            running, seen = running + float(loss) * len(x), seen + len(x)
        result["train_loss"] += [running / seen]
        model.eval()
        batches = iter(val_loader)
        running, hits, seen = 0.0, 0, 0
        for i in range(len(val_loader)):
            x, y = next(batches)
            with torch.no_grad():
                out = model(x)
                running += float(criterion(out, y)) * len(x)
            hits += int((out.argmax(1) == y).sum())
            seen += len(x)
        result["val_loss"] += [running / seen]
        result["val_accuracy"] += [hits / seen]
        epoch += 1
    return result
