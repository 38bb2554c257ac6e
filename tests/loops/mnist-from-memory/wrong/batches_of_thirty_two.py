# expect: wrong-hyperparameter
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

BATCH_SIZE = 32
ds = datasets.MNIST("d", train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(ds, batch_size=BATCH_SIZE, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
ce = nn.CrossEntropyLoss()
for epoch in range(5):
    for step, batch in enumerate(loader):
        opt.zero_grad()
        loss = ce(model(batch[0]), batch[1])
        loss.backward()
        opt.step()
