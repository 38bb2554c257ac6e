# expect: diverging-loss numeric: a loop that climbs the loss
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = -criterion(model(x), y)  # the larger, the better?
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
