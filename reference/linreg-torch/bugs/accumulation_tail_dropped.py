# expect: accumulation-tail-dropped
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for number, (x, y) in enumerate(loader):
            if number % 3 == 0:
                optimizer.zero_grad()
            loss = criterion(model(x), y)
            (loss / 3).backward()
            if number % 3 == 2:
                optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
