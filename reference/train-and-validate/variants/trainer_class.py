from collections import defaultdict

import torch
import torch.nn.functional as F


class Trainer:
    def __init__(self, model, criterion, optimizer):
        self.model, self.criterion, self.optimizer = model, criterion, optimizer
        self.history = defaultdict(list)

    def step(self, x, y):
        self.model.zero_grad()
        loss = self.criterion(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def epoch(self, loader):
        self.model.train()
        losses = [self.step(x, y) for x, y in loader]
        self.history["train_loss"].append(torch.stack(losses).mean().item())

    @torch.no_grad()
    def evaluate(self, loader):
        self.model.eval()
        loss = torch.zeros(())
        hits = torch.zeros((), dtype=torch.long)
        for x, y in loader:
            logits = self.model(x)
            loss += F.cross_entropy(logits, y, reduction="sum")
            hits += (logits.argmax(-1) == y).sum()
        count = len(loader.dataset)
        self.history["val_loss"].append(loss.item() / count)
        self.history["val_accuracy"].append(hits.item() / count)


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    trainer = Trainer(model, criterion, optimizer)
    for _ in range(epochs):
        trainer.epoch(train_loader)
        trainer.evaluate(val_loader)
    return trainer.history
