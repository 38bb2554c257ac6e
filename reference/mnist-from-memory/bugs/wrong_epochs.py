# expect: wrong-hyperparameter
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


def fit(model, loader, optimizer, epochs):
    for epoch in range(1, epochs):  # one short: range stops before its end
        for images, labels in loader:
            loss = nn.functional.cross_entropy(model(images.flatten(1)), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch} of {epochs}: {loss.item():.4f}")


train_data = MNIST("data", train=True, download=True, transform=ToTensor())
model = nn.Linear(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
fit(model, DataLoader(train_data, batch_size=64, shuffle=True), optimizer, epochs=5)
