"""New weights are computed into a list that nobody uses."""


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for inputs, labels in loader:
            loss = criterion(model(inputs), labels)
            model.zero_grad()
            loss.backward()
            updated = [weight.detach() - lr * weight.grad for weight in model.parameters()]
            del updated
