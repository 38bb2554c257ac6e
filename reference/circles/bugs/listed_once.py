# expect: not-shuffled numeric: a loop that goes through the batches of the first epoch in every epoch
def train(model, loader, criterion, optimizer, epochs):
    batches = list(loader)
    for _ in range(epochs):
        for x, y in batches:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
