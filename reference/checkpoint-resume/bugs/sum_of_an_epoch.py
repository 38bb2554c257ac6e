# expect: accumulation-not-averaged numeric: a loop that steps once an epoch, with the sum of its gradients
"""Wrong: the gradients of a whole epoch are summed up, in one long step."""

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
        loader.set_epoch(epoch)
        optimizer.zero_grad()
        for x, y in loader:
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
