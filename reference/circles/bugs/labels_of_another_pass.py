# expect: loss-ignores-labels
def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for (x, _), (_, y) in zip(loader, loader):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
