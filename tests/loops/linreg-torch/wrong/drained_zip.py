# expect: drained-iterator
from itertools import count

def train(model, loader, criterion, optimizer, epochs):
    history = []
    numbered = zip(count(), loader)
    for _ in range(epochs):
        losses = [0.0]
        for n, (x, y) in numbered:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history
