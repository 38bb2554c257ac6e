"""The schedule moves on when the next epoch begins, which is behind the save; the checkpoint is a plain tuple."""

import os

import torch


def train(model, loader, criterion, optimizer, scheduler, epochs, path):
    everything = (model, optimizer, scheduler)
    finished = 0
    if os.path.exists(path):
        finished, *saved = torch.load(path)
        for one, state in zip(everything, saved):
            one.load_state_dict(state)
    for epoch in range(finished, epochs):
        if epoch > 0:
            scheduler.step()
        loader.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        torch.save((epoch + 1, *(one.state_dict() for one in everything)), path + ".next")
        os.replace(path + ".next", path)
