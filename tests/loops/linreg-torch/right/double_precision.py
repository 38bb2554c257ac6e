def train(model, loader, criterion, optimizer, epochs):
    # work in float64, hand back float32
    model.double()
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x.double()), y.double())
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    model.float()
    return averages
