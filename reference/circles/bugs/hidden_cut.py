# expect: broken-graph
def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            hidden = model[1](model[0](x))
            loss = criterion(model[2](hidden.data), y)
            loss.backward()
            optimizer.step()
