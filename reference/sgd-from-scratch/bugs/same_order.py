# expect: not-shuffled
import torch


def train(model, loader, criterion, lr, epochs):
    batches = list(torch.utils.data.DataLoader(loader.dataset, batch_size=24))
    for _ in range(epochs):
        for x, y in torch.utils.data.DataLoader(loader.dataset, batch_size=24):
            grads = torch.autograd.grad(criterion(model(x), y), list(model.parameters()))
            with torch.no_grad():
                for p, g in zip(model.parameters(), grads):
                    p.sub_(lr * g)
