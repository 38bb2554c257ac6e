# expect: step-in-micro-batch
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for number, (x, y) in enumerate(loader):
            if number % 4 == 0:
                optimizer.zero_grad()
            loss = criterion(model(x), y)
            (loss / 4).backward()
            optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
