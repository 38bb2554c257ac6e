# expect: graph-leak
def train(model, loader, criterion, optimizer, epochs):
    seen = []                      # to plot later
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x, y in loader:
            pred = model(x)
            loss = criterion(pred, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            seen.append((loss, pred))
            s += loss.item()
        averages.append(s / len(loader))
    print(len(seen))
    return averages
