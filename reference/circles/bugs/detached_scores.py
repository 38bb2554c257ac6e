# expect: broken-graph
def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            scores = model(x).detach()
            scores.requires_grad = True
            loss = criterion(scores, y)
            loss.backward()
            optimizer.step()
