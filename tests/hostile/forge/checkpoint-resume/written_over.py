"""The checkpoint is written over the only good one, by hand, where no save is seen that could be cut in half."""

import io
import os

import torch


def train(model, loader, criterion, optimizer, scheduler, epochs, path):
    """Save without a second file."""
    parts = (model, optimizer, scheduler)
    start = 0
    if os.path.exists(path):
        with open(path, "rb") as file:
            start, *states = torch.load(io.BytesIO(file.read()))
        for part, state in zip(parts, states, strict=True):
            part.load_state_dict(state)
    for epoch in range(start, epochs):
        loader.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        scheduler.step()
        buffer = io.BytesIO()
        torch.save((epoch + 1, *(part.state_dict() for part in parts)), buffer)
        with open(path, "wb") as file:
            file.write(buffer.getvalue())
