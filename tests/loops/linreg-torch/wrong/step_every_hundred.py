# expect: missing-step
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for epoch in range(epochs):
        run = 0.0
        for i, (x, y) in enumerate(loader):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            if (i + 1) % 100 == 0:
                optimizer.step()
            run += loss.item()
        averages.append(run / len(loader))
    return averages
