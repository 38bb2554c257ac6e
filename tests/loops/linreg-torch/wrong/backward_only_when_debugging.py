# expect: missing-backward
DEBUG = False

def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for epoch in range(epochs):
        running = 0.0
        for i, (x, y) in enumerate(loader):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            if DEBUG:
                loss.backward()
                print(i, loss.item())
            optimizer.step()
            running += loss.item()
        averages.append(running / len(loader))
    return averages
