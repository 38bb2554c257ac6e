"""Bytes first, file later: the checkpoint is made in memory and written through a file descriptor."""

import io
import os

import torch


def save(path, **parts):
    buffer = io.BytesIO()
    torch.save(parts, buffer)
    with open(path + "~", "wb") as file:
        file.write(buffer.getvalue())
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + "~", path)


def load(path):
    with open(path, "rb") as file:
        return torch.load(io.BytesIO(file.read()))


def train(model, loader, criterion, optimizer, scheduler, epochs, path):
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    epoch = 0
    try:
        saved = load(path)
    except FileNotFoundError:
        saved = None
    if saved:
        epoch = saved.pop("epoch")
        for name, state in saved.items():
            parts[name].load_state_dict(state)
    for epoch in range(epoch, epochs):
        loader.set_epoch(epoch)
        for inputs, labels in loader:
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        scheduler.step()
        save(path, epoch=epoch + 1, **{name: part.state_dict() for name, part in parts.items()})
