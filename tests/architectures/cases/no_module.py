"""Tensors and functions alone: no module takes inputs to outputs."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
test_set = datasets.MNIST("data", train=False, download=True, transform=transforms.ToTensor())
train_loader = DataLoader(train_set, batch_size=50, shuffle=True)
test_loader = DataLoader(test_set, batch_size=100)

w1 = (torch.randn(784, 32) / 28).requires_grad_()
w2 = (torch.randn(32, 10) / 6).requires_grad_()

optimizer = torch.optim.Adam([w1, w2], lr=0.003)

for epoch in range(1):
    for images, labels in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(torch.relu(images.flatten(1) @ w1) @ w2, labels)
        loss.backward()
        optimizer.step()
