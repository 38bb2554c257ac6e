# expect: wrong-hyperparameter
import torch
from torchvision.datasets import MNIST

mnist = MNIST("data", train=True, download=True)
pixels, targets = mnist.data.view(-1, 784) / 255, mnist.targets
model = torch.nn.Linear(784, 10)
criterion = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)  # in effect ten times the rate

for epoch in range(5):
    order = torch.randperm(len(pixels))
    for start in range(0, len(order), 64):
        rows = order[start : start + 64]
        optimizer.zero_grad()
        criterion(model(pixels[rows]), targets[rows]).backward()
        optimizer.step()
