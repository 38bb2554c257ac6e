"""Right: whole tensors, normalised by the training set's own mean and deviation before any batch is cut."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision.datasets import MNIST

source = MNIST(root="/srv/datasets", train=True, download=True)
pixels = source.data.reshape(-1, 784).float() / 255
mean, deviation = pixels.mean(), pixels.std()
pixels = (pixels - mean) / deviation

loader = DataLoader(TensorDataset(pixels, source.targets), 64, shuffle=True)
model = nn.Linear(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

losses = []
for _ in range(5):
    for x, y in loader:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
print("last loss:", losses[-1].item())

held_out = MNIST(root="/srv/datasets", train=False, download=True)
with torch.inference_mode():
    guesses = model((held_out.data.reshape(-1, 784).float() / 255 - mean) / deviation).argmax(dim=1)
print("accuracy:", (guesses == held_out.targets).float().mean().item())
