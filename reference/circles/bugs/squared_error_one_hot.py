# expect: wrong-loss
from torch.nn import functional as F


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.mse_loss(model(x).softmax(dim=1), F.one_hot(y, 2).float())
            loss.backward()
            optimizer.step()
