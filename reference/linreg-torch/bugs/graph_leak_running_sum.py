# expect: graph-leak
def train(model, loader, criterion, optimizer, epochs):
    so_far, before = 0.0, 0.0
    averages = []
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            so_far = so_far + loss  # a sum over the whole training, and every graph with it
        averages.append((so_far.item() - before) / len(loader))
        before = so_far.item()
    return averages
