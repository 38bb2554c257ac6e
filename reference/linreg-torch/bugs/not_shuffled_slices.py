# expect: not-shuffled
def train(model, loader, criterion, optimizer, epochs):
    x_all, y_all = loader.dataset.tensors
    averages = []
    for _ in range(epochs):
        total = 0.0
        for start in range(0, len(x_all), 16):
            x, y = x_all[start : start + 16], y_all[start : start + 16]
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        averages.append(total / len(x_all))
    return averages
