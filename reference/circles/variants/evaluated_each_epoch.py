"""A look at the accuracy after every epoch, in a class."""

import torch


class Trainer:
    def __init__(self, model, criterion, optimizer):
        self.model, self.criterion, self.optimizer = model, criterion, optimizer

    def epoch(self, loader):
        self.model.train()
        for x, y in loader:
            self.optimizer.zero_grad()
            self.criterion(self.model(x), y).backward()
            self.optimizer.step()

    @torch.no_grad()
    def accuracy(self, loader):
        self.model.eval()
        right = [(self.model(x).argmax(1) == y).float().mean() for x, y in loader]
        return torch.stack(right).mean().item()


def train(model, loader, criterion, optimizer, epochs):
    trainer = Trainer(model, criterion, optimizer)
    history = []
    for _ in range(epochs):
        trainer.epoch(loader)
        history.append(trainer.accuracy(loader))
    return history
