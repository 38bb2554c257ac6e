# expect: missing-zero-grad
class Trainer:
    def __init__(self, model, criterion, optimizer):
        self.model, self.criterion, self.optimizer = model, criterion, optimizer

    def step(self, batch):
        x, y = batch
        self.optimizer.zero_grad
        loss = self.criterion(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def epoch(self, loader):
        values = list(map(self.step, loader))
        return sum(values) / len(values)


def train(model, loader, criterion, optimizer, epochs):
    t = Trainer(model, criterion, optimizer)
    return [t.epoch(loader) for _ in range(epochs)]
