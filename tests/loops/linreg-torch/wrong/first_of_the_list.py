# expect: same-batch-repeated
def train(model, loader, criterion, optimizer, epochs):
    batches = list(loader)
    averages = []
    for _ in range(epochs):
        s = 0.0
        for i in range(len(batches)):
            x, y = batches[0]
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            s += loss.item()
        averages.append(s / len(batches))
    return averages
