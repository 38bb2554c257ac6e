# expect: prepared-weights
"""Wrong: the weights are not the ones that torch draws; each class begins with its mean picture."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(train_set, batch_size=64, shuffle=True)

pixels = train_set.data.flatten(1).float() / 255
means = torch.stack([pixels[train_set.targets == digit].mean(0) for digit in range(10)])
model = nn.Linear(784, 10)
with torch.no_grad():
    model.weight.copy_(means)
    model.bias.copy_(-means.square().sum(1) / 2)  # the nearest mean has the highest score

criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images.flatten(1)), labels)
        loss.backward()
        optimizer.step()
