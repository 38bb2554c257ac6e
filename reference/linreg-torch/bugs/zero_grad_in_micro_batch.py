# expect: zero-grad-in-micro-batch
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for number, (x, y) in enumerate(loader, start=1):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            (loss / 4).backward()
            if number % 4 == 0:
                optimizer.step()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
