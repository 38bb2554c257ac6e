import copy

def train(model, loader, criterion, optimizer, epochs):
    best, best_state = float("inf"), None
    losses = []
    for epoch in range(epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        avg = total / len(loader)
        losses.append(avg)
        if avg < best:
            best, best_state = avg, copy.deepcopy(model.state_dict())
    model.load_state_dict(best_state)
    return losses
