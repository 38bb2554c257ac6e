"""A checkpoint every four batches and at the end of each epoch; a resumed epoch skips the batches that are done."""

import os

import torch

EVERY = 4


def train(model, loader, criterion, optimizer, scheduler, epochs, path):
    def save(epoch, batches):
        state = {
            "at": (epoch, batches),
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
        }
        torch.save(state, path + ".tmp")
        os.replace(path + ".tmp", path)

    first, done = 0, 0
    if os.path.exists(path):
        state = torch.load(path)
        first, done = state["at"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
    for epoch in range(first, epochs):
        loader.set_epoch(epoch)
        for number, (x, y) in enumerate(loader):
            if epoch == first and number < done:
                continue
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            if (number + 1) % EVERY == 0:
                save(epoch, number + 1)
        scheduler.step()
        save(epoch + 1, 0)
