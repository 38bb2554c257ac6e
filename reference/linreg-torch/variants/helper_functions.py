"""The five lines live in functions of their own: one for a step, one for an epoch."""


def one_step(model, criterion, optimizer, x, y):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.detach()


def one_epoch(model, loader, criterion, optimizer):
    losses = [one_step(model, criterion, optimizer, x, y) for x, y in loader]
    return float(sum(losses)) / len(losses)


def train(model, loader, criterion, optimizer, epochs):
    return [one_epoch(model, loader, criterion, optimizer) for _ in range(epochs)]
