# expect: loss-ignores-labels
def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y.sort().values)
            loss.backward()
            optimizer.step()
