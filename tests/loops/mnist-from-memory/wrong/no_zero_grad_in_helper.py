# expect: missing-zero-grad
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

dl = DataLoader(datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor()), 64, shuffle=True)
model = nn.Linear(784, 10)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
crit = nn.CrossEntropyLoss()

def fit_batch(x, y):
    loss = crit(model(x.flatten(1)), y)
    loss.backward()
    opt.step()
    return loss.item()

for e in range(5):
    print(e, sum(fit_batch(x, y) for x, y in dl) / len(dl))
