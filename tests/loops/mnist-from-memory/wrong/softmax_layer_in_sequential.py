# expect: softmax-before-cross-entropy
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

loader = DataLoader(datasets.MNIST("d", train=True, download=True, transform=transforms.ToTensor()), 64, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Softmax(dim=-1))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for img, lab in loader:
        loss = nn.functional.cross_entropy(model(img), lab)
        opt.zero_grad()
        loss.backward()
        opt.step()
