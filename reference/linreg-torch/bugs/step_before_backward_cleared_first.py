# expect: step-before-backward
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            optimizer.step()
            loss.backward()
            losses.append(loss.item())
        averages.append(sum(losses) / len(losses))
    return averages
