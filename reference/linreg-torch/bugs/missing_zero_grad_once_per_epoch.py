# expect: missing-zero-grad numeric: a loop that clears gradients once an epoch
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        optimizer.zero_grad()
        total = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
