# expect: optimizer-foreign-parameters
import copy
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train = DataLoader(datasets.MNIST("d", train=True, download=True, transform=transforms.ToTensor()), 64, shuffle=True)
initial = nn.Linear(784, 10)
opt = torch.optim.SGD(initial.parameters(), lr=0.1)
model = copy.deepcopy(initial)
for epoch in range(5):
    for img, lab in train:
        model.zero_grad()
        loss = nn.functional.cross_entropy(model(img.flatten(1)), lab)
        loss.backward()
        opt.step()
