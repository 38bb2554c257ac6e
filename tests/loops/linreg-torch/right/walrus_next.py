def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for epoch in range(epochs):
        it = iter(loader)
        total = count = 0
        while (batch := next(it, None)) is not None:
            match batch:
                case [x, y]:
                    optimizer.zero_grad()
                    (loss := criterion(model(x), y)).backward()
                    optimizer.step()
                    total += loss.item()
                    count += 1
        averages.append(total / count)
    return averages
