# expect: step-before-backward
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


def update(optimizer, loss):
    optimizer.step()
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = None
    loss.backward()


def main():
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loader = DataLoader(MNIST("data", download=True, transform=ToTensor()), batch_size=64, shuffle=True)
    for epoch in range(5):
        for images, labels in loader:
            update(optimizer, F.cross_entropy(model(images), labels))


main()
