# expect: timed-out
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        average = float("inf")
        while average > 1e-6:  # the noise alone is 0.09
            total = 0.0
            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
                total += loss.item()
            average = total / len(loader)
        averages.append(average)
    return averages
