# expect: non-finite-loss
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

loader = DataLoader(datasets.MNIST("d", train=True, download=True, transform=transforms.ToTensor()), 64, shuffle=True)
model = nn.Linear(784, 10)
nn.init.zeros_(model.weight)
nn.init.zeros_(model.bias)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for img, lab in loader:
        opt.zero_grad()
        penalty = torch.sqrt((model.weight ** 2).sum())      # its slope at zero is not a number
        loss = nn.functional.cross_entropy(model(img.flatten(1)), lab) + 1e-4 * penalty
        loss.backward()
        opt.step()
