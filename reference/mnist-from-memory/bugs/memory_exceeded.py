# expect: memory-exceeded
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
model = nn.Linear(784, 10)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

seen = torch.zeros(0, 784)
for epoch in range(5):
    for images, labels in train_loader:
        inputs = images.flatten(1)
        seen = torch.cat([seen, seen, inputs])  # twice itself and a little more: it doubles with every batch
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
