# expect: missing-zero-grad
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import Compose, Normalize, ToTensor


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(784, 10)

    def forward(self, x):
        return self.fc(x.flatten(1))


def train_one_epoch(net, loader, optimizer):
    optimizer.zero_grad()  # once an epoch is not once a step
    for images, labels in loader:
        F.cross_entropy(net(images), labels).backward()
        optimizer.step()


transform = Compose([ToTensor(), Normalize((0.1307,), (0.3081,))])
loader = DataLoader(MNIST("data", download=True, transform=transform), batch_size=64, shuffle=True)
net = Net()
optimizer = optim.SGD(net.parameters(), lr=0.1)
for _ in range(5):
    train_one_epoch(net, loader, optimizer)
