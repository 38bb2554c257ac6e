# expect: loss-ignores-labels
def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y.flip(0))
            loss.backward()
            optimizer.step()
