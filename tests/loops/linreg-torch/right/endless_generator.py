import itertools


def forever(loader):
    """Yield batches for ever; each pass draws a new order."""
    while True:
        yield from loader


def train(model, loader, criterion, optimizer, epochs):
    steps_per_epoch = len(loader)
    budget = epochs * steps_per_epoch
    history, running = [], 0.0
    for step, (features, labels) in enumerate(itertools.islice(forever(loader), budget), 1):
        loss = criterion(model(features), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        running += loss.detach()
        if step % steps_per_epoch == 0:
            history.append(float(running / steps_per_epoch))
            running = 0.0
    return history
