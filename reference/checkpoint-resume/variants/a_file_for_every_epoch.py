"""A numbered file for every epoch, and `path` a copy of the newest, put in place whole."""

import os
import shutil

import torch


def train(model, loader, criterion, optimizer, scheduler, epochs, path):
    first = 0
    if os.path.isfile(path):
        state = torch.load(path, weights_only=False)
        first = state["next"]
        for thing, saved in zip((model, optimizer, scheduler), state["states"]):
            thing.load_state_dict(saved)
    for epoch in range(first, epochs):
        loader.set_epoch(epoch)
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad(set_to_none=False)
            loss.backward()
            optimizer.step()
        scheduler.step()
        states = [thing.state_dict() for thing in (model, optimizer, scheduler)]
        torch.save({"next": epoch + 1, "states": states}, f"{path}.{epoch}")
        shutil.copyfile(f"{path}.{epoch}", f"{path}.copy")
        os.rename(f"{path}.copy", path)
