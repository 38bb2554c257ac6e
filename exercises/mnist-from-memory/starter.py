# exercise: mnist-from-memory
"""MNIST from memory: fill in the gaps. The file runs as it is, it just learns nothing yet."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

EPOCHS = 5
BATCH_SIZE = 64
LEARNING_RATE = 0.1

train_set = datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor())
test_set = datasets.MNIST("data", train=False, download=True, transform=transforms.ToTensor())

# TODO: should the training images come in the same order every epoch?
train_loader = DataLoader(train_set, batch_size=BATCH_SIZE)
test_loader = DataLoader(test_set, batch_size=1000)

model = nn.Linear(784, 10)
# TODO: the loss function, and the optimizer with the parameters of the model

for epoch in range(EPOCHS):
    for images, labels in train_loader:
        scores = model(images.flatten(1))  # (64, 1, 28, 28) becomes (64, 784), and then (64, 10)
        assert scores.shape == (len(labels), 10)  # ten scores for every image
        # TODO: the other four beats: clear the gradients, loss, backward, step

    right = 0
    with torch.no_grad():
        for images, labels in test_loader:
            right += (model(images.flatten(1)).argmax(1) == labels).sum().item()
    print(f"epoch {epoch + 1}: test accuracy {right / len(test_set):.1%}")
