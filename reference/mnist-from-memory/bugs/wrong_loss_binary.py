# expect: wrong-loss
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

loader = DataLoader(
    datasets.MNIST("data", download=True, transform=transforms.ToTensor()), batch_size=64, shuffle=True
)
model = nn.Linear(784, 10)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images.reshape(len(images), -1)), torch.eye(10)[labels])
        loss.backward()
        optimizer.step()
