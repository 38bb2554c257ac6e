# expect: same-batch-repeated
def train(model, loader, criterion, optimizer, epochs):
    x, y = next(iter(loader))
    for _ in range(epochs * len(loader)):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
