# expect: loss-ignores-labels
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

loader = DataLoader(datasets.MNIST("d", train=True, download=True, transform=transforms.ToTensor()), 64, shuffle=True)
model = nn.Linear(784, 10)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for img, lab in loader:
        lab = lab.roll(1)
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(img.flatten(1)), lab)
        loss.backward()
        opt.step()
