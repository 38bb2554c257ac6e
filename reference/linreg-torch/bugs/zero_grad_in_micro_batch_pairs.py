# expect: zero-grad-in-micro-batch
def backward(model, criterion, batch):
    x, y = batch
    for parameter in model.parameters():
        parameter.grad = None
    loss = criterion(model(x), y) / 2
    loss.backward()
    return 2 * loss.item()


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        losses = []
        batches = iter(loader)
        for first in batches:
            losses.append(backward(model, criterion, first))
            losses.append(backward(model, criterion, next(batches)))
            optimizer.step()
        averages.append(sum(losses) / len(losses))
    return averages
