# expect: accumulation-not-averaged
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

CHUNKS = 4


def accumulate(model, images, labels):
    for part, answers in zip(images.chunk(CHUNKS), labels.chunk(CHUNKS), strict=True):
        F.cross_entropy(model(part), answers).backward()  # each is a mean already; four of them are not one


model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(MNIST("data", download=True, transform=ToTensor()), batch_size=64, shuffle=True)
for epoch in range(5):
    for images, labels in loader:
        optimizer.zero_grad()
        accumulate(model, images, labels)
        optimizer.step()
