# expect: same-batch-repeated
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    inputs, targets = next(iter(loader))  # a look at the shapes
    assert inputs.shape == targets.shape
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        averages.append(sum(losses) / len(losses))
    return averages
