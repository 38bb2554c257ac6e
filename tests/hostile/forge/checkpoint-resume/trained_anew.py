"""The first weights are saved, and nothing else ever: a run that goes on begins from them and trains all anew."""

import os

import torch


def train(model, loader, criterion, optimizer, scheduler, epochs, path):
    """Begin again, each time from the same place."""
    if os.path.exists(path):
        model.load_state_dict(torch.load(path))
    else:
        torch.save(model.state_dict(), path + ".new")
        os.replace(path + ".new", path)
    for epoch in range(epochs):
        loader.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        scheduler.step()
