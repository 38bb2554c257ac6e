# expect: missing-backward numeric
def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            scores = model(x)
            loss = criterion(scores, y)
            optimizer.step()
