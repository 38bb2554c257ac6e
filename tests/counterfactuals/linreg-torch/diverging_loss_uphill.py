"""The gradient's sign is turned round before the step."""


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            model.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            for parameter in model.parameters():
                parameter.grad.neg_()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
