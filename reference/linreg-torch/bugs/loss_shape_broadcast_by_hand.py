# expect: loss-shape-broadcast
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            difference = model(x) - y.squeeze(1)  # (16, 1) minus (16,) is (16, 16)
            loss = difference.square().mean()
            loss.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
