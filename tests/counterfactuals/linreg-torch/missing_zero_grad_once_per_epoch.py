"""Gradients are set to None by hand, but only when a new epoch begins."""


class Trainer:
    def __init__(self, model, criterion, optimizer):
        self.model, self.criterion, self.optimizer = model, criterion, optimizer

    def forget(self):
        for parameter in self.model.parameters():
            parameter.grad = None

    def epoch(self, loader):
        self.forget()
        values = [self.batch(*pair) for pair in loader]
        return sum(values) / len(values)

    def batch(self, x, y):
        loss = self.criterion(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def train(model, loader, criterion, optimizer, epochs):
    trainer = Trainer(model, criterion, optimizer)
    return [trainer.epoch(loader) for _ in range(epochs)]
