"""The next batch is drawn before the current one is trained on."""


def pairs(loader):
    batches = iter(loader)
    waiting = next(batches)
    for following in batches:
        yield waiting
        waiting = following
    yield waiting


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in pairs(loader):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
