# expect: diverging-loss
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(train_set, batch_size=64, shuffle=True)
model = nn.Linear(784, 10)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for images, labels in loader:
        optimizer.zero_grad()
        scores = model(images.flatten(1))
        loss = -criterion(scores, labels)  # the sign of a log-likelihood, on a loss that has it already
        loss.backward()
        optimizer.step()
