# expect: trains-on-held-out
import torch
from torch import nn
from torch.utils.data import ConcatDataset, DataLoader
from torchvision import datasets, transforms

tf = transforms.ToTensor()
everything = ConcatDataset([datasets.MNIST("d", train=t, download=True, transform=tf) for t in (True, False)])
loader = DataLoader(everything, batch_size=64, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for img, lab in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(img), lab)
        loss.backward()
        opt.step()
