# expect: trains-on-held-out
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


def load(train):
    dataset = MNIST("data", train=not train, download=True, transform=ToTensor())  # the flag is upside down
    return DataLoader(dataset, batch_size=64, shuffle=train)


train_loader, test_loader = load(True), load(False)
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for images, labels in train_loader:
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
    with torch.no_grad():
        right = sum((model(images).argmax(1) == labels).sum() for images, labels in test_loader)
    print("right:", int(right))
