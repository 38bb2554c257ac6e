import torch

def train(model, loader, criterion, optimizer, epochs):
    opts = [torch.optim.SGD([p], lr=0.05) for p in (model.weight, model.bias)]
    averages = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            for o in opts:
                o.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            for o in opts:
                o.step()
            losses.append(loss.item())
        averages.append(sum(losses) / len(losses))
    return averages
