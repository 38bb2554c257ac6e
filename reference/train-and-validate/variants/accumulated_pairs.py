import torch


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    train_loss, val_loss, val_accuracy = [], [], []
    for _ in range(epochs):
        model.train()
        losses = []
        optimizer.zero_grad()
        for number, (x, y) in enumerate(train_loader, start=1):
            loss = criterion(model(x), y)
            (loss / 2).backward()
            losses.append(loss.item())
            if number % 2 == 0 or number == len(train_loader):
                optimizer.step()
                optimizer.zero_grad()
        train_loss.append(sum(losses) / len(losses))
        model.eval()
        with torch.no_grad():
            results = [(model(x), y) for x, y in val_loader]
        scores = torch.cat([out for out, _ in results])
        labels = torch.cat([y for _, y in results])
        val_loss.append(float(criterion(scores, labels)))
        val_accuracy.append(float((scores.argmax(1) == labels).double().mean()))
    return {"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy}
