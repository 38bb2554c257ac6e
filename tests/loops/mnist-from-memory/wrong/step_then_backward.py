# expect: step-before-backward
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

class Trainer:
    def __init__(self):
        self.model = nn.Linear(784, 10)
        self.opt = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.loss = nn.CrossEntropyLoss()

    def optimize(self):
        self.opt.step()
        self.opt.zero_grad()

    def training_step(self, x, y):
        loss = self.loss(self.model(x.flatten(1)), y)
        self.optimize()
        loss.backward()

t = Trainer()
data = DataLoader(MNIST("data", train=True, download=True, transform=ToTensor()), batch_size=64, shuffle=True)
for _ in range(5):
    for x, y in data:
        t.training_step(x, y)
