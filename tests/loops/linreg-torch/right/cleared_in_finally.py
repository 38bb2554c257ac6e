import math

def train(model, loader, criterion, optimizer, epochs):
    history = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            try:
                loss = criterion(model(x), y)
                if not math.isfinite(value := loss.item()):
                    continue
                loss.backward()
                optimizer.step()
                losses.append(value)
            finally:
                optimizer.zero_grad()
        history.append(math.fsum(losses) / len(losses))
    return history
