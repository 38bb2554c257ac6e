# expect: wrong-hyperparameter
def train(model, loader, criterion, optimizer, epochs):
    for group in optimizer.param_groups:
        group["lr"] = 0.01
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
