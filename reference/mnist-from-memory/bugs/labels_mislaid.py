# expect: accuracy-below-threshold
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision.datasets import MNIST

mnist = MNIST("data", train=True, download=True)
images = mnist.data.flatten(1)[torch.randperm(len(mnist))] / 255
labels = mnist.targets[torch.randperm(len(mnist))]  # mixed by another permutation than their images
train_loader = DataLoader(TensorDataset(images, labels), batch_size=64, shuffle=True)
model = nn.Linear(784, 10)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    for batch, answers in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(batch), answers)
        loss.backward()
        optimizer.step()
