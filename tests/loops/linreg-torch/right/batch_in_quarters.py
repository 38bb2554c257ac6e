def train(model, loader, criterion, optimizer, epochs):
    """Each batch goes through the model in four pieces, as if it did not fit in memory."""
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            for xs, ys in zip(x.chunk(4), y.chunk(4)):
                part = criterion(model(xs), ys) * (len(xs) / len(x))
                part.backward()
                total += part.item()
            optimizer.step()
        averages.append(total / len(loader))
    return averages
