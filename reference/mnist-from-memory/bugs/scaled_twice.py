# expect: accuracy-below-threshold
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

loader = DataLoader(MNIST("data", download=True, transform=ToTensor()), batch_size=64, shuffle=True)
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for images, labels in loader:
        scores = model(images / 255)  # ToTensor has divided already: what is left is next to nothing
        optimizer.zero_grad()
        F.cross_entropy(scores, labels).backward()
        optimizer.step()
