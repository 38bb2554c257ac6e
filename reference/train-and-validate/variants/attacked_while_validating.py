import torch


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        model.train()
        total, count = 0.0, 0
        for x, y in train_loader:
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            total, count = total + loss.item() * len(x), count + len(x)
        history["train_loss"].append(total / count)
        model.eval()
        loss = correct = fooled = count = 0
        for x, y in val_loader:
            x = x.clone().requires_grad_()
            out = model(x)
            error = criterion(out, y)
            error.backward()
            with torch.no_grad():
                fooled += (model(x + 0.1 * x.grad.sign()).argmax(1) != y).sum().item()
            optimizer.zero_grad()  # nothing of this may reach the next step
            loss += error.item() * len(x)
            correct += (out.argmax(1) == y).sum().item()
            count += len(x)
        print(f"fooled: {fooled / count:.2f}")
        history["val_loss"].append(loss / count)
        history["val_accuracy"].append(correct / count)
    return history
