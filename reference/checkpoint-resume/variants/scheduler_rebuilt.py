"""The scheduler is not saved: its rate follows from the epoch, and is set from it."""

import os

import torch


def train(model, loader, criterion, optimizer, scheduler, epochs, path):
    start = 0
    if os.path.exists(path):
        saved = torch.load(path)
        model.load_state_dict(saved["weights"])
        start = saved["epochs_done"]
        for _ in range(start):
            optimizer.step()  # without gradients nothing moves; it keeps the scheduler from complaining
            scheduler.step()
        optimizer.load_state_dict(saved["optimizer"])
    for epoch in range(start, epochs):
        loader.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        scheduler.step()
        temporary = path + ".part"
        torch.save(
            {"weights": model.state_dict(), "optimizer": optimizer.state_dict(), "epochs_done": epoch + 1},
            temporary,
        )
        os.replace(temporary, path)
