# expect: missing-backward
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train = DataLoader(datasets.MNIST("d", train=True, download=True, transform=transforms.ToTensor()), 64, shuffle=True)
net = nn.Linear(784, 10)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(5):
    for img, lab in train:
        opt.zero_grad()
        out = net(img.view(img.size(0), -1))
        loss = nn.functional.cross_entropy(out, lab)
        opt.step()
    print(f"epoch {epoch} loss {loss.item():.3f}")
