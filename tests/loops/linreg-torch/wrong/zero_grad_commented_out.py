# expect: missing-zero-grad
import torch

def train(model, loader, criterion, optimizer, epochs):
    losses = []
    for epoch in range(epochs):
        epoch_loss = 0
        for X_batch, y_batch in loader:
            y_pred = model(X_batch)
            loss = criterion(y_pred, y_batch)
            # optimizer.zero_grad()   # why is this needed?
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item()
        losses.append(epoch_loss / len(loader))
    return losses
