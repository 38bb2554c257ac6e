# expect: accumulation-not-averaged
from itertools import islice

def accumulate(model, criterion, group):
    out = []
    for x, y in group:
        loss = criterion(model(x), y)
        loss.backward()
        out.append(loss.item())
    return out

def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        it, losses = iter(loader), []
        while group := list(islice(it, 4)):
            optimizer.zero_grad()
            losses += accumulate(model, criterion, group)
            optimizer.step()
        averages.append(sum(losses) / len(losses))
    return averages
