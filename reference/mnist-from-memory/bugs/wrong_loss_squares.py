# expect: wrong-loss
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

loader = DataLoader(
    datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor()),
    batch_size=64,
    shuffle=True,
)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for x, y in loader:
        optimizer.zero_grad()
        target = nn.functional.one_hot(y, 10).float()
        loss = nn.functional.mse_loss(model(x), target)
        loss.backward()
        optimizer.step()
