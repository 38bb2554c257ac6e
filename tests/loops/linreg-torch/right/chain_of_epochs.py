from itertools import chain

def train(model, loader, criterion, optimizer, epochs):
    per_epoch = len(loader)
    stream = chain.from_iterable(loader for _ in range(epochs))
    all_losses = []
    for xb, yb in stream:
        optimizer.zero_grad()
        l = criterion(model(xb), yb)
        l.backward()
        optimizer.step()
        all_losses.append(l.item())
    return [sum(all_losses[i:i + per_epoch]) / per_epoch for i in range(0, len(all_losses), per_epoch)]
