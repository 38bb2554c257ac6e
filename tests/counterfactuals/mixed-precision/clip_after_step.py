"""The limit is put on gradients that the step has used already."""

import torch


class Half:
    def __init__(self, model, criterion, optimizer, scaler, max_norm, device):
        self.model, self.criterion, self.optimizer = model, criterion, optimizer
        self.scaler, self.max_norm, self.device = scaler, max_norm, device

    def loss(self, batch):
        samples, classes = (part.to(self.device) for part in batch)
        with torch.amp.autocast(self.device, torch.float16):
            scores = self.model(samples)
            return self.criterion(scores, classes)

    def shorten(self):
        torch.nn.utils.clip_grad_norm_(list(self.model.parameters()), max_norm=self.max_norm)

    def advance(self, batch):
        self.model.zero_grad()
        scaled = self.scaler.scale(self.loss(batch))
        scaled.backward()
        self.scaler.step(self.optimizer)
        self.shorten()
        self.scaler.update()


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    half = Half(model.train(), criterion, optimizer, scaler, max_norm, device)
    for _ in range(epochs):
        for batch in loader:
            half.advance(batch)
