"""A small Trainer, as many code bases have one."""

from dataclasses import dataclass, field


@dataclass
class Trainer:
    model: object
    criterion: object
    optimizer: object
    history: list = field(default_factory=list)

    def fit(self, loader, epochs):
        self.model.train()
        for _ in range(epochs):
            running = 0.0
            for batch in loader:
                running += self.training_step(*batch)
            self.history.append(running / len(loader))
        return self.history

    def training_step(self, x, y):
        loss = self.criterion(self.model(x), y)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def train(model, loader, criterion, optimizer, epochs):
    return Trainer(model, criterion, optimizer).fit(loader, epochs)
