# expect: optimizer-recreated
import torch


class Module:
    def __init__(self, model, criterion):
        self.model, self.criterion = model, criterion

    def configure_optimizers(self):
        return torch.optim.RMSprop(self.model.parameters(), lr=0.05)

    def training_step(self, batch):
        opt = self.configure_optimizers()
        loss = self.criterion(self.model(batch[0]), batch[1])
        opt.zero_grad()
        loss.backward()
        opt.step()
        return loss.item()


def train(model, loader, criterion, optimizer, epochs):
    m = Module(model, criterion)
    return [sum(m.training_step(b) for b in loader) / len(loader) for _ in range(epochs)]
