import numpy as np
import torch


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    losses, val_losses, accuracies = [], [], []
    for epoch in range(1, epochs + 1):
        model.train()
        batch_losses = []
        for inputs, targets in train_loader:
            outputs = model(inputs)
            loss = criterion(outputs, targets)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
            batch_losses.append(loss.item())
        losses.append(np.mean(batch_losses))
        model.eval()
        scores, labels = [], []
        with torch.no_grad():
            for inputs, targets in val_loader:
                scores.append(model(inputs))
                labels.append(targets)
        scores, labels = torch.cat(scores), torch.cat(labels)
        val_losses.append(criterion(scores, labels).item())
        accuracies.append(float(np.mean(scores.numpy().argmax(axis=1) == labels.numpy())))
        print(f"epoch {epoch}: {losses[-1]:.4f} {val_losses[-1]:.4f} {accuracies[-1]:.2%}")
    return dict(train_loss=losses, val_loss=val_losses, val_accuracy=accuracies)
