# expect: drained-iterator
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


def run_epoch(model, optimizer, numbered):
    total = 0.0
    for number, (images, labels) in numbered:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total


model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
digits = MNIST("data", download=True, transform=ToTensor())
numbered = enumerate(DataLoader(digits, batch_size=64, shuffle=True))
for epoch in range(5):
    print("epoch", epoch, "total loss", run_epoch(model, optimizer, numbered))  # 0.0 from the second epoch on
