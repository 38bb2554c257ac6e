"""Four micro-batches a step; the gradients are summed first and divided just before the step."""


def train(model, loader, criterion, optimizer, epochs):
    averages = []
    for _ in range(epochs):
        total, waiting = 0.0, 0
        for x, y in loader:
            if waiting == 0:
                optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            waiting += 1
            total += loss.item()
            if waiting == 4:
                for parameter in model.parameters():
                    parameter.grad.div_(waiting)
                optimizer.step()
                waiting = 0
        averages.append(total / len(loader))
    return averages
