# expect: accumulation-not-averaged
class Accumulator:
    def __init__(self, optimizer, every):
        self.optimizer, self.every, self.n = optimizer, every, 0

    def backward(self, loss):
        loss.backward()
        self.n += 1
        if self.n == self.every:
            self.optimizer.step()
            self.optimizer.zero_grad()
            self.n = 0


def train(model, loader, criterion, optimizer, epochs):
    acc = Accumulator(optimizer, every=2)
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            acc.backward(loss)
            s += loss.item()
        averages.append(s / len(loader))
    return averages
