# expect: zero-grad-after-backward
def train(model, loader, criterion, optimizer, epochs):
    losses = []
    for e in range(epochs):
        l = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            pred = model(xb)
            loss = criterion(pred, yb)
            loss.backward()
            model.zero_grad()
            optimizer.step()
            l += loss.item()
        losses.append(l / len(loader))
    return losses
