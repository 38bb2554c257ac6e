"""Right: log_softmax and nll_loss, which together are cross-entropy."""

import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(784, 10)

    def forward(self, x):
        x = torch.flatten(x, 1)
        return F.log_softmax(self.fc1(x), dim=1)


def train(model, train_loader, optimizer, epoch, log_interval=50):
    model.train()
    for batch_idx, (data, target) in enumerate(train_loader):
        optimizer.zero_grad()
        output = model(data)
        loss = F.nll_loss(output, target)
        loss.backward()
        optimizer.step()
        if batch_idx % log_interval == 0:
            print(
                f"Train Epoch: {epoch} [{batch_idx * len(data)}/{len(train_loader.dataset)}]\tLoss: {loss.item():.6f}"
            )


dataset = datasets.MNIST(
    "../data", train=True, download=True, transform=transforms.Compose([transforms.ToTensor()])
)
train_loader = DataLoader(dataset, shuffle=True, batch_size=64)
model = Net()
optimizer = optim.SGD(model.parameters(), lr=0.1)
for epoch in range(1, 5 + 1):
    train(model, train_loader, optimizer, epoch)
