# expect: same-batch-repeated numeric: a loop that trains on its first batch alone
def train(model, loader, criterion, optimizer, epochs):
    x, y = next(iter(loader))
    for _ in range(epochs * len(loader)):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
