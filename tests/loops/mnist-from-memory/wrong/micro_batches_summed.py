# expect: accumulation-not-averaged
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

ds = datasets.MNIST("d", train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(ds, batch_size=16, shuffle=True, drop_last=True)      # 4 x 16 = 64
model = nn.Linear(784, 10)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    opt.zero_grad()
    for i, (img, lab) in enumerate(loader):
        loss = nn.functional.cross_entropy(model(img.flatten(1)), lab)
        loss.backward()
        if i % 4 == 3:
            opt.step()
            opt.zero_grad()
    opt.zero_grad()
