# expect: step-before-backward
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

data = MNIST("data", train=True, download=True, transform=ToTensor())
model = nn.Linear(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    for images, labels in DataLoader(data, batch_size=64, shuffle=True):
        optimizer.zero_grad()
        scores = model(images.view(-1, 784))
        loss = nn.functional.cross_entropy(scores, labels)
        optimizer.step()  # nothing to use yet: zero_grad has just cleared it
        loss.backward()
