"""Parameters of its own and functions of torch, no layer anywhere."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(6, 1, 3, 3) / 3)
        self.w1 = nn.Parameter(torch.randn(6 * 14 * 14, 10) / 34)
        self.b1 = nn.Parameter(torch.zeros(10))

    def forward(self, x):
        x = F.max_pool2d(torch.relu(F.conv2d(x, self.kernel, padding=1)), 2)
        return x.flatten(1) @ self.w1 + self.b1


model = Functional()

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
