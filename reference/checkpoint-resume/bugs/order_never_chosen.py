# expect: not-shuffled numeric: a loop that never calls `set_epoch`
"""Wrong: set_epoch is never called, so every epoch has the order of the first."""

import os

import torch


def train(model, loader, criterion, optimizer, scheduler, epochs, path):
    """Train for `epochs` epochs in all, continuing from the checkpoint at `path` if there is one."""
    start = 0
    if os.path.exists(path):
        checkpoint = torch.load(path)
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        scheduler.load_state_dict(checkpoint["scheduler"])
        start = checkpoint["epoch"] + 1
    for epoch in range(start, epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        scheduler.step()
        checkpoint = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
        }
        torch.save(checkpoint, path + ".new")
        os.replace(path + ".new", path)
