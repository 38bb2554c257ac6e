"""The update of one batch is made when the next one comes, with a clearing right after it."""


def train(model, loader, criterion, optimizer, epochs):
    def update():
        optimizer.step()
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    averages = []
    for _ in range(epochs):
        sums, count = 0.0, 0
        for x, y in loader:
            prediction = model(x)
            update()
            loss = criterion(prediction, y)
            loss.backward()
            sums, count = sums + loss.item(), count + 1
        averages.append(sums / count)
    return averages
