"""Steps before the backward pass: each step uses the gradient of the batch before."""


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.step()
            optimizer.zero_grad()
            loss.backward()
            total += loss.detach()
        averages.append(float(total) / len(loader))
    return averages
