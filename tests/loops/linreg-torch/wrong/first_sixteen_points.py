# expect: same-batch-repeated
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    bs = loader.batch_size
    for _ in range(epochs):
        s = 0.0
        for step in range(len(loader)):
            x, y = loader.dataset[0:bs]
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            s += loss.item()
        averages.append(s / len(loader))
    return averages
