# expect: step-before-backward
def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.step()
            optimizer.zero_grad()
            loss.backward()
