# expect: crashed
def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x).argmax(dim=1).float(), y.float())
            loss.backward()
            optimizer.step()
