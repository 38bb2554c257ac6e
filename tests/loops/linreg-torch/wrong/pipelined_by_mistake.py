# expect: step-before-backward
class Engine:
    def __init__(self, model, criterion, optimizer):
        self.model = model
        self.criterion = criterion
        self.optimizer = optimizer

    def forward(self, x, y):
        return self.criterion(self.model(x), y)

    def update(self):
        self.optimizer.step()
        self.optimizer.zero_grad()

    def process(self, x, y):
        loss = self.forward(x, y)
        self.update()
        loss.backward()
        return loss.item()


def train(model, loader, criterion, optimizer, epochs):
    eng = Engine(model, criterion, optimizer)
    out = []
    for _ in range(epochs):
        vals = [eng.process(x, y) for x, y in loader]
        out.append(sum(vals) / len(vals))
    return out
