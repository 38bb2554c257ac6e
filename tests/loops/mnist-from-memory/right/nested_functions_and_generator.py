import torch
from torch import nn
from torchvision.datasets import MNIST


def load(train):
    m = MNIST("somewhere", train=train, download=True)
    return m.data.float().div(255).flatten(1), m.targets


def minibatches(x, y, size):
    order = torch.randperm(x.shape[0])
    for rows in order.split(size):
        yield x[rows], y[rows]


def main():
    x, y = load(True)
    mean, std = x.mean(), x.std()
    x = (x - mean) / std
    model = nn.Linear(784, 10)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    loss_fn = nn.CrossEntropyLoss()

    def step(xb, yb):
        opt.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        opt.step()
        return loss.item()

    for epoch in range(5):
        losses = [step(xb, yb) for xb, yb in minibatches(x, y, 64)]
        print(epoch, sum(losses) / len(losses))

    xt, yt = load(False)
    with torch.no_grad():
        acc = (model((xt - mean) / std).argmax(1) == yt).float().mean()
    print(f"{acc:.3f}")


main()
