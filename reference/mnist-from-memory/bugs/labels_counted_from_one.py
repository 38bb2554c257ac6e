# expect: accuracy-below-threshold
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


def collate(samples):
    images = torch.stack([image.flatten() for image, _ in samples])
    labels = torch.tensor([label for _, label in samples])
    return images, (labels + 1) % 10  # every picture is called by the next digit's name


train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
train_loader = DataLoader(train_set, batch_size=64, shuffle=True, collate_fn=collate)
model = nn.Linear(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for images, labels in train_loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
