# expect: wrong-hyperparameter
def train(model, loader, criterion, optimizer, epochs):
    for group in optimizer.param_groups:
        group["lr"] = 0.02
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
