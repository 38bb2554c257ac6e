"""Clears by hand, in place, right after the step."""


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            for parameter in model.parameters():
                parameter.grad.zero_()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
