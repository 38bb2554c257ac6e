# expect: import-error
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvison import datasets, transforms

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
model = nn.Linear(784, 10)
