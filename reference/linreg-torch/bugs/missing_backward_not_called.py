# expect: missing-backward
def one_step(model, criterion, optimizer, x, y):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward  # names the method without calling it
    optimizer.step()
    return loss.item()


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        losses = [one_step(model, criterion, optimizer, x, y) for x, y in loader]
        averages.append(sum(losses) / len(losses))
    return averages
