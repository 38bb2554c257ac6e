"""Right: the pictures are normalised by the transform, and flattened by view."""

import torch
import torch.nn as nn
import torch.optim as optim
import torchvision
from torchvision.transforms import Compose, Normalize, ToTensor

transform = Compose([ToTensor(), Normalize((0.1307,), (0.3081,))])
trainset = torchvision.datasets.MNIST(root="./mnist", train=True, download=True, transform=transform)
trainloader = torch.utils.data.DataLoader(
    trainset, batch_size=64, shuffle=True, num_workers=0, drop_last=True
)

net = nn.Linear(28 * 28, 10)
loss_function = nn.CrossEntropyLoss()
sgd = optim.SGD(net.parameters(), lr=0.1)

for epoch in range(1, 6):
    running_loss = 0.0
    for i, data in enumerate(trainloader, 0):
        inputs, targets = data
        sgd.zero_grad()
        outputs = net(inputs.view(inputs.shape[0], -1))
        loss = loss_function(outputs, targets)
        loss.backward()
        sgd.step()
        running_loss += loss.item()
    print(f"[{epoch}] loss: {running_loss / len(trainloader):.3f}")
