"""Each half of the loss goes backward by itself, which comes to the same."""


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            half = loss / 2
            half.backward(retain_graph=True)
            half.backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
