"""Two files in turn and a marker that names the good one: nothing that is needed is ever overwritten."""

import os

import torch


def newest(path):
    """The checkpoint that the marker names, or None."""
    if not os.path.exists(path):
        return None
    with open(path) as marker:
        return torch.load(os.path.join(os.path.dirname(path), marker.read()))


def train(model, loader, criterion, optimizer, scheduler, epochs, path):
    saved = newest(path)
    done = 0
    if saved is not None:
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        scheduler.load_state_dict(saved["scheduler"])
        done = saved["done"]
    for epoch in range(done, epochs):
        loader.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        scheduler.step()
        name = "even.pt" if epoch % 2 == 0 else "odd.pt"
        torch.save(
            {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
                "done": epoch + 1,
            },
            os.path.join(os.path.dirname(path), name),
        )
        with open(path + ".tmp", "w") as marker:
            marker.write(name)
        os.replace(path + ".tmp", path)
