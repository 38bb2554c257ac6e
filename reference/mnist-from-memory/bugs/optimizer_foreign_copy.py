# expect: optimizer-foreign-parameters
import copy

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


def train(network, data, epochs):
    best = copy.deepcopy(network)
    sgd = torch.optim.SGD(best.parameters(), lr=0.1)  # the copy's parameters, not the network's
    loader = DataLoader(data, batch_size=64, shuffle=True)
    for _ in range(epochs):
        for x, y in loader:
            loss = F.cross_entropy(network(x), y)
            network.zero_grad()
            loss.backward()
            sgd.step()


model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
train(model, MNIST("data", download=True, transform=ToTensor()), epochs=5)
