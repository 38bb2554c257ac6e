"""A class with one method for a batch and one for an epoch."""

import torch


class Trainer:
    def __init__(self, model, criterion, optimizer, scheduler, per_batch):
        self.model, self.criterion, self.optimizer = model, criterion, optimizer
        self.scheduler, self.per_batch = scheduler, per_batch

    def batch(self, x, y):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(x), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 100.0)
        self.optimizer.step()
        if self.per_batch:
            self.scheduler.step()
        return loss.item()

    def epoch(self, loader):
        losses = [self.batch(x, y) for x, y in loader]
        if not self.per_batch:
            self.scheduler.step()
        return sum(losses) / len(losses)


def train(model, loader, criterion, optimizer, scheduler, schedule_per, epochs):
    trainer = Trainer(model, criterion, optimizer, scheduler, schedule_per == "batch")
    return [trainer.epoch(loader) for _ in range(epochs)]


def warmup_cosine(step, warmup, total, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= total:
        return 0.0
    turn = torch.tensor((step - warmup) / (total - warmup), dtype=torch.float64) * torch.pi
    return (peak * (1 + torch.cos(turn)) / 2).item()
