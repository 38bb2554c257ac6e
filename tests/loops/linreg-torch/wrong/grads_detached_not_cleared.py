# expect: missing-zero-grad
def clear(params):
    for p in params:
        if p.grad is not None:
            p.grad = p.grad.detach()

def train(model, loader, criterion, optimizer, epochs):
    hist = []
    for _ in range(epochs):
        tot = 0.0
        for x, y in loader:
            clear(model.parameters())
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            tot += loss.item()
        hist.append(tot / len(loader))
    return hist
