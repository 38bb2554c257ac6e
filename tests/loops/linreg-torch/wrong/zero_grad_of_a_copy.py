# expect: missing-zero-grad
import copy

def train(model, loader, criterion, optimizer, epochs):
    net = copy.deepcopy(model)
    hist = []
    for _ in range(epochs):
        tot = 0.0
        for x, y in loader:
            net.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            tot += loss.item()
        hist.append(tot / len(loader))
    return hist
