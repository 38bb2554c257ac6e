"""Right: zero_grad is the last line of the body; the first batch finds no gradients anyway."""

from torch import nn, optim
from torch.utils.data import DataLoader, RandomSampler
from torchvision.datasets import MNIST
from torchvision.transforms import v2
import torch

to_floats = v2.Compose(
    [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Lambda(lambda image: image.flatten())]
)
dataset = MNIST("data", train=True, download=True, transform=to_floats)
loader = DataLoader(dataset, batch_size=64, sampler=RandomSampler(dataset))

model = nn.Linear(in_features=784, out_features=10, bias=True)
criterion = nn.CrossEntropyLoss(reduction="mean")
optimizer = optim.SGD([{"params": model.weight}, {"params": model.bias}], lr=0.1)

for epoch in range(5):
    for image, label in loader:
        prediction = model(image)
        loss = criterion(prediction, label)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
