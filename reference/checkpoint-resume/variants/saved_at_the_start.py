"""The checkpoint is written before each epoch: what it holds is where that epoch begins."""

import os

import torch


def train(model, loader, criterion, optimizer, scheduler, epochs, path):
    def save(epoch):
        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
        }
        torch.save(state, path + ".tmp")
        os.replace(path + ".tmp", path)

    begin = 0
    if os.path.exists(path):
        state = torch.load(path, map_location="cpu")
        begin = state["epoch"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
    for epoch in range(begin, epochs):
        save(epoch)
        loader.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        scheduler.step()
    save(epochs)
