# expect: double-backward
def beat(model, criterion, optimizer, x, y):
    loss = criterion(model(x), y)
    loss.backward(retain_graph=True)
    return loss


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            loss = beat(model, criterion, optimizer, x, y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
        averages.append(sum(losses) / len(losses))
    return averages
