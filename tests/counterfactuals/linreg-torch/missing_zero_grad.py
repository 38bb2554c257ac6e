"""Gradients are never cleared: every beat in a helper that yields the losses."""


def losses_of(net, batches, measure, updater):
    for inputs, targets in batches:
        value = measure(net(inputs), targets)
        value.backward()
        updater.step()
        yield value.detach()


def train(model, loader, criterion, optimizer, epochs):
    history = []
    while len(history) < epochs:
        seen = list(losses_of(model, loader, criterion, optimizer))
        history.append(float(sum(seen)) / len(seen))
    return history
