# expect: graph-leak
def train(model, loader, criterion, optimizer, epochs):
    smooth = None
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            smooth = loss if smooth is None else 0.9 * smooth + 0.1 * loss
            s += loss.item()
        averages.append(s / len(loader))
    print("smoothed loss", smooth.item())
    return averages
