# expect: optimizer-foreign-parameters
import torch

def train(model, loader, criterion, optimizer, epochs):
    params = [p.detach().clone().requires_grad_() for p in model.parameters()]
    optimizer = torch.optim.SGD(params, lr=0.05)
    averages = []
    for epoch in range(epochs):
        run = 0.0
        for x, y in loader:
            model.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            run += loss.item()
        averages.append(run / len(loader))
    return averages
