# expect: step-in-micro-batch
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(train_set, batch_size=32, shuffle=True)
model = nn.Linear(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    for number, (images, labels) in enumerate(loader):
        if number % 2 == 0:
            optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images.flatten(1)), labels)
        (0.5 * loss).backward()
        optimizer.step()  # belongs behind the second micro-batch only
