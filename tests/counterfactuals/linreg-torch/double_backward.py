"""Two losses of the same batch are added, so its gradient counts twice."""


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        iterator, total = iter(loader), 0.0
        while (pair := next(iterator, None)) is not None:
            x, y = pair
            optimizer.zero_grad()
            first = criterion(model(x), y)
            second = criterion(model(x), y)
            first.backward()
            second.backward()
            optimizer.step()
            total += second.item()
        averages.append(total / len(loader))
    return averages
