"""Right: the model flattens the pictures itself, and gradients are cleared between forward and backward."""

import torch
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

BATCH, RATE, EPOCHS = 64, 1e-1, 5

digits = datasets.MNIST("~/.cache/mnist", train=True, transform=transforms.ToTensor(), download=True)
model = torch.nn.Sequential(
    torch.nn.Flatten(),
    torch.nn.Linear(28 * 28, 10),
)
opt = torch.optim.SGD(params=model.parameters(), lr=RATE)
model.train()
for epoch in range(EPOCHS):
    for x, y in DataLoader(digits, BATCH, shuffle=True):
        logits = model(x)
        loss = torch.nn.CrossEntropyLoss()(logits, y)
        model.zero_grad()
        loss.backward()
        opt.step()
    print("epoch", epoch, "done")
