# expect: same-batch-repeated
def train(model, loader, criterion, optimizer, epochs):
    for xb, yb in loader:
        break                      # just to see a batch
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x_batch, y_batch in loader:
            pred = model(xb)
            loss = criterion(pred, yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            s += loss.item()
        averages.append(s / len(loader))
    return averages
