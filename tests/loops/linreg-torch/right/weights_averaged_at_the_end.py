import torch
from torch.optim.swa_utils import AveragedModel

def train(model, loader, criterion, optimizer, epochs):
    swa = AveragedModel(model)
    history = []
    for epoch in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        if epoch >= epochs - 4:
            swa.update_parameters(model)
        history.append(sum(losses) / len(losses))
    with torch.no_grad():
        for mine, averaged in zip(model.parameters(), swa.module.parameters()):
            mine.copy_(averaged)
    return history
