# expect: missing-zero-grad
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    optimizer.zero_grad()
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            prediction = model(x)
            loss = criterion(prediction, y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        averages.append(sum(losses) / len(losses))
    return averages
