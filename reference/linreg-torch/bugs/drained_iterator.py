# expect: drained-iterator
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    batches = iter(loader)
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
