# expect: missing-zero-grad numeric: a loop that clears gradients once an epoch
def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        optimizer.zero_grad()
        for x, y in loader:
            criterion(model(x), y).backward()
            optimizer.step()
