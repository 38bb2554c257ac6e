# expect: wrong-signature
def train(model, loader, criterion, optimizer, epochs, device):
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            s += loss.item()
        averages.append(s / len(loader))
    return averages
