# expect: not-shuffled
import torch
import torch.nn.functional as F
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


def loader_of(dataset):
    batches = BatchSampler(SequentialSampler(dataset), batch_size=64, drop_last=False)
    return DataLoader(dataset, batch_sampler=batches)


model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = loader_of(MNIST("data", download=True, transform=ToTensor()))
for epoch in range(5):
    for images, labels in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
