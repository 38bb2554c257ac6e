import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

torch.manual_seed(2024)
model = nn.Linear(784, 10)
loader = DataLoader(MNIST("d", train=True, download=True, transform=ToTensor()), batch_size=64, shuffle=True)
learning_rate, number_of_epochs = 0.1, 5

for _ in range(number_of_epochs):
    for image, digit in loader:
        loss = nn.functional.cross_entropy(model(image.flatten(1)), digit)
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= learning_rate * parameter.grad
