# expect: wrong-signature
def train(model, loader, criterion, optimizer):
    averages = []
    for _ in range(20):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
