# expect: double-backward
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
loader = DataLoader(train_set, batch_size=64, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def gradients(loss):
    for again in (True, False):  # the second time adds the same gradient once more
        loss.backward(retain_graph=again)


for _ in range(5):
    for images, labels in loader:
        optimizer.zero_grad(set_to_none=True)
        gradients(criterion(model(images), labels))
        optimizer.step()
