"""Three micro-batches a step; what is left at an epoch's end is carried on into the next."""


def train(model, loader, criterion, optimizer, epochs):
    averages, waiting = [], 0
    optimizer.zero_grad()
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            (loss / 3).backward()
            waiting += 1
            if waiting == 3:
                optimizer.step()
                optimizer.zero_grad()
                waiting = 0
            total += loss.item()
        averages.append(total / len(loader))
    return averages
