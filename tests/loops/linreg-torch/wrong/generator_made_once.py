# expect: drained-iterator
def batches(loader):
    for x, y in loader:
        yield x, y


def train(model, loader, criterion, optimizer, epochs):
    data = batches(loader)
    history = []
    for _ in range(epochs):
        total, n = 0.0, 0
        for x, y in data:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
            n += 1
        history.append(total / max(n, 1))
    return history
