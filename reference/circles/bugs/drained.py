# expect: drained-iterator
def train(model, loader, criterion, optimizer, epochs):
    batches = iter(loader)
    for _ in range(epochs):
        for x, y in batches:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
