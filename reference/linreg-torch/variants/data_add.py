"""SGD written out: backward as usual, then the update on the parameters' data."""


def train(model, loader, criterion, optimizer, epochs):
    rate = optimizer.param_groups[0]["lr"]
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            model.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            for parameter in model.parameters():
                parameter.data.add_(parameter.grad, alpha=-rate)
            total += loss.item()
        averages.append(total / len(loader))
    return averages
