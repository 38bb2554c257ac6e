# expect: same-batch-repeated
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    x, y = next(iter(loader))
    for _ in range(epochs):
        total = 0.0
        for _ in range(len(loader)):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
