"""A class of its own: branches by mode, dimensions and settings, dropout by its function, a skip connection."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


class Branching(nn.Module):
    def __init__(self, deep):
        super().__init__()
        self.deep = deep
        self.first = nn.Linear(784, 32)
        self.middle = nn.Linear(32, 32)
        self.last = nn.Linear(32, 10)

    def forward(self, x):
        if x.dim() > 2:
            x = x.view(x.size(0), -1)
        x = F.relu(self.first(x))
        if self.deep:
            x = x + F.relu(self.middle(x))
        if self.training:
            x = F.dropout(x, 0.1)
        return self.last(x)


model = Branching(deep=True)

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
test_set = datasets.MNIST("data", train=False, download=True, transform=transforms.ToTensor())
train_loader = DataLoader(train_set, batch_size=50, shuffle=True)
test_loader = DataLoader(test_set, batch_size=100)

optimizer = torch.optim.Adam(model.parameters(), lr=0.003)

for epoch in range(3):
    model.train()
    for images, labels in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    model.eval()
    right = 0
    with torch.no_grad():
        for images, labels in test_loader:
            right += (model(images).argmax(1) == labels).sum().item()
    print(f"epoch {epoch + 1}: {right / len(test_set):.1%}")
