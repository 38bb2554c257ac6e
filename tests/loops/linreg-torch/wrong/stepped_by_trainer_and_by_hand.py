# expect: double-step
class Runner:
    def __init__(self, model, criterion, optimizer):
        self.__dict__.update(model=model, criterion=criterion, optimizer=optimizer)

    def backward_and_step(self, loss):
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


def train(model, loader, criterion, optimizer, epochs):
    r = Runner(model, criterion, optimizer)
    averages = []
    for _ in range(epochs):
        s = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            r.backward_and_step(loss)
            optimizer.step()
            s += loss.item()
        averages.append(s / len(loader))
    return averages
