# expect: timed-out
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    epoch = 0
    while epoch < epochs:
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages = [*averages[: epochs - 1], total / len(loader)]
    return averages
