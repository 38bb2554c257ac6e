"""What one batch adds to the gradients stays for all that follow."""

import torch


class Curves:
    def __init__(self, model, criterion, optimizer):
        self.model, self.criterion, self.optimizer = model, criterion, optimizer
        self.history = {"train_loss": [], "val_loss": [], "val_accuracy": []}

    def learn(self, loader):
        self.model.train()
        losses, sizes = [], []
        for samples, classes in loader:
            loss = self.criterion(self.model(samples), classes)
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
            sizes.append(len(classes))
        self.note("train_loss", losses, sizes)

    def examine(self, loader):
        self.model.eval()
        losses, hits, sizes = [], [], []
        with torch.inference_mode():
            for samples, classes in loader:
                scores = self.model(samples)
                losses.append(self.criterion(scores, classes).item())
                hits.append((scores.argmax(dim=1) == classes).float().mean().item())
                sizes.append(len(classes))
        self.note("val_loss", losses, sizes)
        self.note("val_accuracy", hits, sizes)

    def note(self, name, values, sizes):
        weighted = sum(value * size for value, size in zip(values, sizes))
        self.history[name].append(weighted / sum(sizes))


def fit(model, train_loader, val_loader, criterion, optimizer, epochs):
    curves = Curves(model, criterion, optimizer)
    for _ in range(epochs):
        curves.learn(train_loader)
        curves.examine(val_loader)
    return curves.history
