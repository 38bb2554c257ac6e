import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

# two micro-batches of 32 make one batch of 64
tfm = transforms.ToTensor()
ds = datasets.MNIST("data", train=True, download=True, transform=tfm)
loader = DataLoader(ds, batch_size=32, shuffle=True, drop_last=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(28*28, 10))
ce = nn.CrossEntropyLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
ACC = 2
for epoch in range(5):
    opt.zero_grad()
    for i, (x, y) in enumerate(loader):
        loss = ce(model(x), y) / ACC
        loss.backward()
        if (i + 1) % ACC == 0:
            opt.step()
            opt.zero_grad()
    opt.zero_grad()
