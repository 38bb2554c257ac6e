# expect: eval-in-train-mode numeric
import torch


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * x.size(0)
        history["train_loss"].append(total / len(train_loader.dataset))

        total, correct = 0.0, 0
        with torch.no_grad():
            for x, y in val_loader:
                out = model(x)
                total += criterion(out, y).item() * x.size(0)
                correct += (out.argmax(1) == y).sum().item()
        history["val_loss"].append(total / len(val_loader.dataset))
        history["val_accuracy"].append(correct / len(val_loader.dataset))
    return history
