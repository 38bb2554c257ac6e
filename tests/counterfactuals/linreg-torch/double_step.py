"""Each batch steps inside the helper, and the caller steps once more."""


def learn(model, x, y, criterion, optimizer):
    optimizer.zero_grad(set_to_none=False)
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        values = []
        for x, y in loader:
            values.append(learn(model, x, y, criterion, optimizer).item())
            optimizer.step()
        averages.append(sum(values) / len(values))
    return averages
