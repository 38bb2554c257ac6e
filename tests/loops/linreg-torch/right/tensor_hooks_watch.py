def train(model, loader, criterion, optimizer, epochs):
    seen = []
    handle = model.weight.register_hook(lambda g: seen.append(g.item()))
    fw = model.register_forward_hook(lambda m, i, o: None)
    history = []
    try:
        for _ in range(epochs):
            total = 0.0
            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
                total += loss.item()
            history.append(total / len(loader))
    finally:
        handle.remove()
        fw.remove()
    assert len(seen) == epochs * len(loader)
    return history
