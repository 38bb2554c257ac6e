"""Right: clearing, forward and backward live in a closure that the optimizer's step calls."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

data = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(data, batch_size=64, shuffle=True)
model = nn.Linear(784, 10)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.0)

for epoch in range(5):
    for images, labels in loader:

        def closure():
            optimizer.zero_grad()
            loss = criterion(model(images.flatten(1)), labels)
            loss.backward()
            return loss

        loss = optimizer.step(closure)
    print("epoch", epoch + 1, "loss", loss.item())
