"""One function goes over both loaders, and learns from both."""


def sweep(model, loader, criterion, optimizer):
    total, right, count = 0.0, 0, 0
    for samples, classes in loader:
        scores = model(samples)
        loss = criterion(scores, classes)
        for weight in model.parameters():
            weight.grad = None
        loss.backward()
        optimizer.step()
        total += loss.item() * len(classes)
        right += int((scores.argmax(dim=1) == classes).sum())
        count += len(classes)
    return total / count, right / count


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    rows = []
    model.train()
    for _ in range(epochs):
        rows.append(
            (
                sweep(model, train_loader, criterion, optimizer)[0],
                *sweep(model, val_loader, criterion, optimizer),
            )
        )
    return {
        name: [row[place] for row in rows]
        for place, name in enumerate(("train_loss", "val_loss", "val_accuracy"))
    }
