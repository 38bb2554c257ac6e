# expect: zero-grad-after-backward
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


def clear(model):
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.grad.zero_()


model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(MNIST("data", download=True, transform=ToTensor()), batch_size=64, shuffle=True)
for epoch in range(5):
    total = 0.0
    for images, labels in loader:
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        clear(model)
        optimizer.step()
        total += loss.item()
    print(epoch, total / len(loader))
