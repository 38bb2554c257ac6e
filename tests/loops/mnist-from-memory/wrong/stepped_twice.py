# expect: double-step
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train = DataLoader(datasets.MNIST("d", train=True, download=True, transform=transforms.ToTensor()), 64, shuffle=True)
model = nn.Linear(784, 10)
opt = torch.optim.SGD(model.parameters(), lr=0.1)

def update(loss):
    opt.zero_grad()
    loss.backward()
    opt.step()

for epoch in range(5):
    for img, lab in train:
        loss = nn.functional.cross_entropy(model(img.flatten(1)), lab)
        update(loss)
        opt.step()
