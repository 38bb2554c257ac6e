# expect: loss-ignores-labels
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(train_set, batch_size=64, shuffle=True)
model = nn.Linear(784, 10)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for images, labels in loader:
        labels = labels[torch.randperm(len(labels))]  # the pictures stay where they are
        optimizer.zero_grad()
        loss = criterion(model(images.flatten(1)), labels)
        loss.backward()
        optimizer.step()
