"""Right: no DataLoader; each epoch permutes the indices and slices whole batches out of the tensors."""

import torch
from torch import nn
from torchvision.datasets import MNIST

train, test = MNIST("data", train=True, download=True), MNIST("data", train=False, download=True)
x_train, y_train = train.data.view(-1, 784) / 255.0, train.targets
x_test, y_test = test.data.view(-1, 784) / 255.0, test.targets

model = nn.Linear(784, 10)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
batch_size = 64

for epoch in range(5):
    permutation = torch.randperm(x_train.size(0))
    for start in range(0, x_train.size(0), batch_size):
        indices = permutation[start : start + batch_size]
        loss = loss_fn(model(x_train[indices]), y_train[indices])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        accuracy = (model(x_test).argmax(-1) == y_test).double().mean()
    print(f"{epoch=} {accuracy=:.4f}")
