"""Right: every step gathers two micro-batches of 32, each loss halved, so that they average to a batch of 64."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

MICRO_BATCH = 32
MICRO_BATCHES = 2

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(train_set, batch_size=MICRO_BATCH, shuffle=True)
model = nn.Sequential(nn.Flatten(1), nn.Linear(784, 10))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    optimizer.zero_grad()
    for number, (images, labels) in enumerate(loader, start=1):
        loss = criterion(model(images), labels) / MICRO_BATCHES
        loss.backward()
        if number % MICRO_BATCHES == 0 or number == len(loader):
            optimizer.step()
            optimizer.zero_grad()
