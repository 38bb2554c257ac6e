# expect: missing-backward
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


def training_step(model, batch, optimizer):
    images, labels = batch
    loss = F.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward  # the brackets are missing: nothing is called
    optimizer.step()
    return loss.item()


model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(MNIST("data", download=True, transform=ToTensor()), batch_size=64, shuffle=True)
for epoch in range(5):
    losses = [training_step(model, batch, optimizer) for batch in loader]
    print(f"epoch {epoch}: {sum(losses) / len(losses):.4f}")
