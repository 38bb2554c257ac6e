"""Right: a batch of 64 is worked through in halves, whose summed losses are divided by the whole batch's size."""

import torch
from torch.nn import CrossEntropyLoss, Linear
from torch.optim import SGD
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

summed = CrossEntropyLoss(reduction="sum")
model = Linear(784, 10)
optimizer = SGD(model.parameters(), 0.1)
loader = DataLoader(MNIST("mnist-data", train=True, download=True, transform=ToTensor()), 64, shuffle=True)

epoch = 0
while epoch < 5:
    for images, labels in loader:
        optimizer.zero_grad()
        halves = zip(images.flatten(1).split(32), labels.split(32), strict=True)
        for half_images, half_labels in halves:
            (summed(model(half_images), half_labels) / len(images)).backward()
        optimizer.step()
    epoch += 1
