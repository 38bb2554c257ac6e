# expect: accumulation-not-averaged
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(train_set, batch_size=32, shuffle=True)
model = nn.Linear(784, 10)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    optimizer.zero_grad()
    for number, (images, labels) in enumerate(loader):
        loss = criterion(model(images.flatten(1)), labels)  # not halved: two add up to too much
        loss.backward()
        if number % 2 == 1 or number + 1 == len(loader):
            optimizer.step()
            optimizer.zero_grad()
