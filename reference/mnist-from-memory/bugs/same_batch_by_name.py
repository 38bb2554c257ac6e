# expect: same-batch-repeated
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

loader = DataLoader(MNIST("data", download=True, transform=ToTensor()), batch_size=64, shuffle=True)
sample_images, sample_labels = next(iter(loader))
print("one batch is", tuple(sample_images.shape), "and", tuple(sample_labels.shape))

model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for images, labels in loader:
        loss = F.cross_entropy(model(sample_images), sample_labels)  # not the names that the loop draws
        model.zero_grad()
        loss.backward()
        optimizer.step()
