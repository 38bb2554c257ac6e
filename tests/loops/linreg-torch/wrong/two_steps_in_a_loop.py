# expect: double-step
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            for _ in range(2):      # go faster
                optimizer.step()
            s += loss.item()
        averages.append(s / len(loader))
    return averages
