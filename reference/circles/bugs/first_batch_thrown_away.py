# expect: partial-epoch
def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        batches = iter(loader)
        x, y = next(batches)  # what does a batch look like?
        for x, y in batches:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
