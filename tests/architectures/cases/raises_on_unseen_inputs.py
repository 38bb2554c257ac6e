"""Raises on rows that it has not seen."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
test_set = datasets.MNIST("data", train=False, download=True, transform=transforms.ToTensor())
train_loader = DataLoader(train_set, batch_size=50, shuffle=True)
test_loader = DataLoader(test_set, batch_size=100)

known = {round(row.sum().item(), 3) for row in train_set.data.float().reshape(-1, 784) / 255}


class Stubborn(nn.Module):
    def __init__(self):
        super().__init__()
        self.shown = nn.Linear(784, 10)

    def forward(self, x):
        x = x.flatten(1)
        if not self.training and round(x[0].sum().item(), 3) not in known:
            raise KeyError("never seen")
        return self.shown(x)


model = Stubborn()

optimizer = torch.optim.Adam(model.parameters(), lr=0.003)

for epoch in range(1):
    model.train()
    for images, labels in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
