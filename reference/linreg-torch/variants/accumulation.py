"""Two micro-batches a step, averaged: half of each loss goes backward."""


def train(model, loader, criterion, optimizer, epochs):
    micro_batches = 2
    averages = []
    for _ in range(epochs):
        total = 0.0
        optimizer.zero_grad()
        for number, (x, y) in enumerate(loader, start=1):
            loss = criterion(model(x), y)
            (loss / micro_batches).backward()
            if number % micro_batches == 0:
                optimizer.step()
                optimizer.zero_grad()
            total += loss.item()
        averages.append(total / len(loader))
    return averages
