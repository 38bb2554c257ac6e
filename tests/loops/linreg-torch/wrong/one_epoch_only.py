# expect: wrong-hyperparameter
def train(model, loader, criterion, optimizer, epochs=1):
    losses = []
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return [sum(losses) / len(losses)] * epochs
