# expect: zero-grad-in-micro-batch
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(train_set, batch_size=32, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    for number, (images, labels) in enumerate(loader, start=1):
        optimizer.zero_grad()  # the first half of every pair is thrown away
        loss = criterion(model(images), labels) / 2
        loss.backward()
        if number % 2 == 0 or number == len(loader):
            optimizer.step()
