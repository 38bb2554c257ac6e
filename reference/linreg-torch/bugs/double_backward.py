# expect: double-backward numeric
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward(retain_graph=True)
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
