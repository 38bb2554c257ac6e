# expect: not-shuffled
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


def train_epoch(model, loader, optimizer):
    torch.manual_seed(0)  # so every epoch is shuffled into the very same order
    for images, labels in loader:
        scores = model(images.reshape(-1, 784))
        loss = nn.functional.cross_entropy(scores, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


train_data = MNIST("data", train=True, download=True, transform=ToTensor())
model = nn.Linear(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(train_data, batch_size=64, shuffle=True)
for _ in range(5):
    train_epoch(model, loader, optimizer)
