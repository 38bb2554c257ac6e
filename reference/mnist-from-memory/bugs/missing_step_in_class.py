# expect: missing-step
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(784, 10)

    def forward(self, images):
        return self.layer(images.view(len(images), -1))


def fit(model, data):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(5):
        for images, labels in DataLoader(data, batch_size=64, shuffle=True):
            loss = nn.functional.cross_entropy(model(images), labels)
            model.zero_grad()
            loss.backward()
            optimizer.step  # named, not called


model = Digits()
fit(model, MNIST("data", train=True, download=True, transform=ToTensor()))
