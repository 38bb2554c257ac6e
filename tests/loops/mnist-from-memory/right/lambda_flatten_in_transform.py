import torch
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets
from torchvision.transforms import Compose, Lambda, ToTensor

flat = Compose([ToTensor(), Lambda(lambda t: t.flatten())])
train = DataLoader(datasets.MNIST("mnist", True, flat, download=True), 64, shuffle=True)
test = DataLoader(datasets.MNIST("mnist", False, flat, download=True), 256)

net = nn.Linear(784, 10)
criterion = nn.CrossEntropyLoss()
sgd = optim.SGD(net.parameters(), 0.1)

def accuracy():
    net.eval()
    hits = n = 0
    with torch.no_grad():
        for x, y in test:
            hits += (net(x).argmax(-1) == y).sum().item()
            n += len(y)
    net.train()
    return hits / n

for e in range(5):
    mean = 0.0
    for k, (x, y) in enumerate(train, 1):
        loss = criterion(net(x), y)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        mean += (loss.item() - mean) / k
    print(e, round(mean, 4), accuracy())
