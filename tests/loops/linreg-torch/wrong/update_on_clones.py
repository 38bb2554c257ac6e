# expect: missing-step
import torch

def sgd(params, grads, lr):
    for p, g in zip(params, grads):
        p = p.detach().clone()
        p -= lr * g

def train(model, loader, criterion, optimizer, epochs):
    params = list(model.parameters())
    averages = []
    for epoch in range(epochs):
        run = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            grads = torch.autograd.grad(loss, params)
            sgd(params, grads, 0.05)
            run += loss.item()
        averages.append(run / len(loader))
    return averages
