"""Right: gradients are cleared by taking them away, without zero_grad."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

train_data = MNIST(".", train=True, download=True, transform=ToTensor())
batches = DataLoader(train_data, batch_size=64, shuffle=True)
model = nn.Linear(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
cross_entropy = nn.CrossEntropyLoss()

for epoch in range(5):
    for images, labels in batches:
        for parameter in model.parameters():
            parameter.grad = None
        cross_entropy(model(images.reshape(-1, 784)), labels).backward()
        optimizer.step()
