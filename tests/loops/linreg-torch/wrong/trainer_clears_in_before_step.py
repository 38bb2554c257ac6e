# expect: zero-grad-after-backward
class Hooks:
    def before_step(self, optimizer):
        optimizer.zero_grad()

    def after_step(self, optimizer):
        pass


def train(model, loader, criterion, optimizer, epochs, hooks=Hooks()):
    history = []
    for _ in range(epochs):
        total = 0.0
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            hooks.before_step(optimizer)
            optimizer.step()
            hooks.after_step(optimizer)
            total += loss.item()
        history.append(total / len(loader))
    return history
