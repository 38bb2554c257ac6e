# expect: drained-iterator
def train(model, loader, criterion, optimizer, epochs):
    def one(batch):
        x, y = batch
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    losses = map(one, loader)
    result = []
    for epoch in range(epochs):
        this = [l for l in losses]
        result.append(sum(this) / len(loader))
    return result
