# expect: missing-zero-grad
def train(model, loader, criterion, optimizer, epochs):
    out = []
    for ep in range(epochs):
        running = 0.0
        last = len(loader) - 1
        for i, (x, y) in enumerate(loader):
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            if i == last:
                optimizer.zero_grad()
            running += loss.item()
        out.append(running / len(loader))
    return out
