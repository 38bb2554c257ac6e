# expect: missing-step numeric
def train(model, loader, criterion, lr, epochs):
    for epoch in range(epochs):
        for x, y in loader:
            model.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
