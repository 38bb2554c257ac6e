# expect: accumulation-tail-dropped
def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        optimizer.zero_grad()
        losses, waiting = [], 0
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            waiting += 1
            if waiting == 3:
                for parameter in model.parameters():
                    parameter.grad /= waiting
                optimizer.step()
                optimizer.zero_grad()
                waiting = 0
            losses.append(loss.item())
        averages.append(sum(losses) / len(losses))
    return averages
