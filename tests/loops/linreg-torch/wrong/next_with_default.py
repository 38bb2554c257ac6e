# expect: drained-iterator
def train(model, loader, criterion, optimizer, epochs):
    it = iter(loader)
    history = []
    for _ in range(epochs):
        s = 0.0
        for _ in range(len(loader)):
            batch = next(it, None)
            if batch is None:
                break
            x, y = batch
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            s += loss.item()
        history.append(s / len(loader))
    return history
