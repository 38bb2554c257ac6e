"""The exam has dropout, and moves batch norm's averages."""

import torch
import torch.nn.functional as F


def to(device, loader):
    for samples, classes in loader:
        yield samples.to(device), classes.to(device)


class Teacher:
    def __init__(self, model, lr, device, steps):
        self.model, self.device = model.to(device), device
        self.optimizer = torch.optim.AdamW(params=model.parameters(), lr=lr)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, steps)

    def lesson(self, loader):
        self.model.train()
        for samples, classes in to(self.device, loader):
            self.model.zero_grad(set_to_none=True)
            loss = F.cross_entropy(self.model(samples), classes)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), max_norm=1)
            self.optimizer.step()
            self.schedule.step()

    @torch.no_grad()
    def exam(self, loader):
        pairs = [(self.model(samples).argmax(1), classes) for samples, classes in to(self.device, loader)]
        return sum(int((guess == classes).sum()) for guess, classes in pairs)


def train(model, train_loader, val_loader, epochs, lr, device):
    teacher = Teacher(model, lr, device, epochs * len(train_loader))
    for epoch in range(epochs):
        teacher.lesson(train_loader)
        print(epoch, teacher.exam(val_loader))
    return teacher.model
