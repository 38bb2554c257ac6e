"""A class that holds everything, with a method for each part, bfloat16 without a scaler, and checkpointing."""

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


class Trainer:
    def __init__(self, model, lr, steps, device):
        self.model, self.device = model.to(device), device
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=lr)
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=steps)

    def batch(self, x, y):
        with torch.autocast(device_type=self.device, dtype=torch.bfloat16):
            logits = checkpoint(self.model, x, use_reentrant=False)
            return self.criterion(logits, y)

    def epoch(self, loader):
        self.model.train()
        for x, y in loader:
            self.optimizer.zero_grad()
            self.batch(x.to(self.device), y.to(self.device)).backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.scheduler.step()

    @torch.no_grad()
    def validate(self, loader):
        self.model.eval()
        return [self.criterion(self.model(x.to(self.device)), y.to(self.device)).item() for x, y in loader]


def train(model, train_loader, val_loader, epochs, lr, device):
    trainer = Trainer(model, lr, epochs * len(train_loader), device)
    for _ in range(epochs):
        trainer.epoch(train_loader)
        trainer.validate(val_loader)
    return trainer.model
