# expect: accumulation-not-averaged
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        losses = []
        batches = iter(loader)
        for pair in zip(batches, batches):
            optimizer.zero_grad()
            for x, y in pair:
                loss = criterion(model(x), y)
                loss.backward()
                losses.append(loss.item())
            optimizer.step()
        averages.append(sum(losses) / len(losses))
    return averages
