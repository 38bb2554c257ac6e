# expect: graph-leak
def train(model, loader, criterion, optimizer, epochs):
    losses = []
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            losses.append(loss)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return sum(losses) / len(losses)
