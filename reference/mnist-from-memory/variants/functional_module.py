"""Right: a module of its own parameters, used through F.linear, starting at zero."""

import torch
import torch.nn.functional as F
from torch.utils.data import BatchSampler, RandomSampler
from torchvision.datasets import MNIST


class Softmax(torch.nn.Module):
    """Softmax regression: only the scores are computed here, cross_entropy does the rest."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(classes, inputs))
        self.bias = torch.nn.Parameter(torch.zeros(classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x.flatten(1), self.weight, self.bias)


mnist = MNIST("data", train=True, download=True)
images, labels = mnist.data.to(torch.float32).div(255), mnist.targets
model = Softmax(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
batches = BatchSampler(RandomSampler(images), batch_size=64, drop_last=False)

for _ in range(5):
    for rows in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(images[rows]), labels[rows]).backward()
        optimizer.step()
