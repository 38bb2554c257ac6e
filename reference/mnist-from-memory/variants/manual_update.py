"""Right: no optimizer at all; the rule "parameter minus rate times gradient" is written out."""

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

loader = DataLoader(MNIST("data", download=True, transform=ToTensor()), batch_size=64, shuffle=True)
model = torch.nn.Linear(784, 10)
rate = 0.1

for epoch in range(5):
    for images, labels in loader:
        loss = F.cross_entropy(model(images.flatten(start_dim=1)), labels)
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= rate * p.grad
                p.grad.zero_()
    print(f"epoch {epoch}: {loss.item():.3f}")
