from itertools import islice


def chunked(iterable, n):
    it = iter(iterable)
    while chunk := list(islice(it, n)):
        yield chunk


def train(model, loader, criterion, optimizer, epochs, accumulate=2):
    averages = []
    for _ in range(epochs):
        epoch_loss, batches = 0.0, 0
        for chunk in chunked(loader, accumulate):
            optimizer.zero_grad()
            for x, y in chunk:
                loss = criterion(model(x), y) / len(chunk)
                loss.backward()
                epoch_loss += loss.item() * len(chunk)
                batches += 1
            optimizer.step()
        averages.append(epoch_loss / batches)
    return averages
