# expect: non-finite-loss
import torch
from torch.utils.data import DataLoader, TensorDataset
from torchvision.datasets import MNIST


def cross_entropy(scores, labels):
    """By hand, and not stable: exp overflows from a score of 89 on."""
    powers = torch.exp(scores)
    probabilities = powers / powers.sum(dim=1, keepdim=True)
    return -torch.log(probabilities[torch.arange(len(labels)), labels]).mean()


mnist = MNIST("data", train=True, download=True)
dataset = TensorDataset(mnist.data.flatten(1).float(), mnist.targets)  # 0 to 255, never divided: large scores
model = torch.nn.Linear(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for images, labels in DataLoader(dataset, batch_size=64, shuffle=True):
        loss = cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
