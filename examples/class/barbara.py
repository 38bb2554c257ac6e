"""Clears by hand and last, which is just as right."""


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            for parameter in model.parameters():
                parameter.grad = None
            losses.append(loss.item())
        averages.append(sum(losses) / len(losses))
    return averages
