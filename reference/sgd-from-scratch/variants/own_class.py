"""A class with step and zero_grad, as torch has it."""


class Descent:
    def __init__(self, parameters, rate):
        self.parameters, self.rate = list(parameters), rate

    def zero_grad(self):
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.grad.zero_()

    def step(self):
        for parameter in self.parameters:
            parameter.data = parameter.data - self.rate * parameter.grad


def train(model, loader, criterion, lr, epochs):
    descent = Descent(model.parameters(), lr)
    history = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            descent.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            descent.step()
            total += loss.item()
        history.append(total / len(loader))
    return history
