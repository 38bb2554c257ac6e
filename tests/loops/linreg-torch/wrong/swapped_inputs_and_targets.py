# expect: accuracy-below-threshold
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        s = 0.0
        for y, x in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            s += loss.item()
        averages.append(s / len(loader))
    return averages
