# expect: trains-on-held-out
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

tf = transforms.ToTensor()
train_loader = DataLoader(datasets.MNIST("d", train=False, download=True, transform=tf), batch_size=64, shuffle=True)
test_loader = DataLoader(datasets.MNIST("d", train=False, download=True, transform=tf), batch_size=64)
model = nn.Linear(784, 10)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for img, lab in train_loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(img.flatten(1)), lab)
        loss.backward()
        opt.step()
