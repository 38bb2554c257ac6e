"""Leaves the 16-bit type to torch: bfloat16 on a CPU, float16 on a GPU."""

import torch


class Trainer:
    def __init__(self, model, criterion, optimizer, scaler, max_norm, device):
        self.model, self.criterion, self.optimizer = model, criterion, optimizer
        self.scaler, self.max_norm, self.device = scaler, max_norm, device

    def loss(self, x, y):
        with torch.autocast(self.device):
            return self.criterion(self.model(x), y)

    def update(self):
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.max_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def batch(self, x, y):
        self.model.zero_grad()
        self.scaler.scale(self.loss(x.to(self.device), y.to(self.device))).backward()
        self.update()


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    trainer = Trainer(model, criterion, optimizer, scaler, max_norm, device)
    for _ in range(epochs):
        for batch in loader:
            trainer.batch(*batch)
