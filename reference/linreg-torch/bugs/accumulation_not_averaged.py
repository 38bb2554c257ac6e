# expect: accumulation-not-averaged
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        optimizer.zero_grad()
        for number, (x, y) in enumerate(loader, start=1):
            loss = criterion(model(x), y)
            loss.backward()
            if number % 4 == 0:
                optimizer.step()
                optimizer.zero_grad()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
