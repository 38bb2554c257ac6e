# expect: accuracy-below-threshold
def train(model, loader, criterion, optimizer, epochs):
    y_all = loader.dataset.tensors[1]
    mean, std = y_all.mean(), y_all.std()
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), (y - mean) / std)
            loss.backward()
            optimizer.step()
            s += loss.item()
        averages.append(s / len(loader))
    return averages
