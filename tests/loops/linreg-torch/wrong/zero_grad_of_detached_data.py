# expect: missing-zero-grad
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            for p in model.parameters():
                g = p.grad
                g = g * 0          # only the name g is zero now
            total += loss.item()
        averages.append(total / len(loader))
    return averages
