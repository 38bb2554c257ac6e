# expect: output-exceeded
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total = 0.0
        for number, (x, y) in enumerate(loader):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
            for percent in range(20_000):
                print(f"batch {number}: {percent / 200:6.2f} % of the progress bar, loss {total:.4f}")
        averages.append(total / len(loader))
    return averages
