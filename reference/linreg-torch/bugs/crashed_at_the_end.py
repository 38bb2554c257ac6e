# expect: crashed
def train(model, loader, criterion, optimizer, epochs):
    averages = {}
    for epoch in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages[epoch] = total / len(loader)
    return [averages[epoch] for epoch in range(1, epochs + 1)]
