# expect: import-error
def train(model, loader, criterion, optimizer, epochs):
    from training_utilities import AverageMeter

    averages = []
    for _ in range(epochs):
        meter = AverageMeter()
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            meter.update(loss.item())
        averages.append(meter.value)
    return averages
