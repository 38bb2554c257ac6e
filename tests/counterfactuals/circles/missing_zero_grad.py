"""`zero_grad` is looked up on every batch and never called."""


def train(model, loader, criterion, optimizer, epochs):
    epoch = 0
    while epoch < epochs:
        for batch in loader:
            optimizer.zero_grad
            score = criterion(model(batch[0]), batch[1])
            score.backward()
            optimizer.step()
        epoch += 1
