# expect: import-error
import torch
from torch.nn import CrossEntropy, Linear
from torchvision.datasets import MNIST

dataset = MNIST("data", train=True, download=True)
model, criterion = Linear(784, 10), CrossEntropy()
