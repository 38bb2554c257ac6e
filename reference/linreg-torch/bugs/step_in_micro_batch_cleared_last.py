# expect: step-in-micro-batch
def train(model, loader, criterion, optimizer, epochs):
    averages, waiting = [], 0
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            loss = criterion(model(x), y)
            (0.5 * loss).backward()
            waiting += 1
            optimizer.step()
            if waiting == 2:
                optimizer.zero_grad()
                waiting = 0
            losses.append(loss.item())
        averages.append(sum(losses) / len(losses))
    return averages
