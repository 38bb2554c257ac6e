# expect: graph-leak
import torch

class History(dict):
    def log(self, epoch, value):
        self.setdefault(epoch, []).append(value)

def train(model, loader, criterion, optimizer, epochs):
    h = History()
    for e in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            h.log(e, loss)
    return [torch.stack(v).mean().item() for v in h.values()]
