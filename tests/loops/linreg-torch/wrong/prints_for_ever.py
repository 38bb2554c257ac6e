# expect: output-exceeded
def train(model, loader, criterion, optimizer, epochs):
    epoch = 0
    averages = []
    while epoch < epochs:
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            print("x =", x.tolist() * 400)
            print("loss", loss.item())
        averages.append(loss.item())
        epoch += 1
    return averages
