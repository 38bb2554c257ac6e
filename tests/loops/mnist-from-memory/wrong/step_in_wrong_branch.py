# expect: missing-step
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train = DataLoader(datasets.MNIST("d", train=True, download=True, transform=transforms.ToTensor()), 64, shuffle=True)
net = nn.Linear(784, 10)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
scaler = None
for epoch in range(5):
    for img, lab in train:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(img.flatten(1)), lab)
        loss.backward()
        if scaler is not None:
            scaler.step(opt)
