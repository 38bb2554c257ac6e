# expect: drained-iterator
def train(model, loader, criterion, optimizer, epochs):
    numbered = enumerate(loader, start=1)
    averages = [0.0] * epochs
    for epoch in range(epochs):
        for number, (x, y) in numbered:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            averages[epoch] += (loss.item() - averages[epoch]) / number
    return averages
