# expect: zero-grad-after-backward
def update(model, optimizer):
    for parameter in model.parameters():
        parameter.grad = None
    optimizer.step()


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            update(model, optimizer)
            total += loss.detach()
        averages.append((total / len(loader)).item())
    return averages
