# expect: wrong-update
from torch.optim import Adam


def train(model, loader, criterion, lr, epochs):
    steps = Adam(model.parameters(), lr)
    for epoch in range(epochs):
        for batch in loader:
            loss = criterion(model(batch[0]), batch[1])
            steps.zero_grad()
            loss.backward()
            steps.step()
