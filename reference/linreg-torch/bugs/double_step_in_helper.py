# expect: double-step
def one_step(model, criterion, optimizer, x, y):
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            losses.append(one_step(model, criterion, optimizer, x, y))
            optimizer.step()
            optimizer.zero_grad()
        averages.append(sum(losses) / len(losses))
    return averages
