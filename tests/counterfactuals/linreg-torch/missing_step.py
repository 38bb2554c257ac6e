"""Gradients are computed and thrown away: `optimizer.step` is named, but not called."""


def train(model, loader, criterion, optimizer, epochs):
    def fit_batch(x, y):
        for parameter in model.parameters():
            parameter.grad = None
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step
        return float(loss)

    return [sum(fit_batch(x, y) for x, y in loader) / len(loader) for _ in range(epochs)]
