# expect: sync-every-step
"""Reads the loss as a number in every step: a hint, since on a GPU each reading waits for all work to be done."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

digits = DataLoader(MNIST(".", train=True, download=True, transform=ToTensor()), batch_size=64, shuffle=True)
network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
measure = nn.CrossEntropyLoss()
sgd = torch.optim.SGD(network.parameters(), lr=0.1)
history = []
for _ in range(5):
    for pictures, names in digits:
        sgd.zero_grad()
        wrongness = measure(network(pictures), names)
        wrongness.backward()
        sgd.step()
        history.append(wrongness.item())
print(sum(history[-94:]) / 94)
