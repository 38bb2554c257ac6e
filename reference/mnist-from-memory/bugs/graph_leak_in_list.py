# expect: graph-leak
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


def train(model, loader, optimizer):
    history = []
    for epoch in range(5):
        for images, labels in loader:
            loss = F.cross_entropy(model(images), labels)
            model.zero_grad()
            loss.backward()
            optimizer.step()
            history.append(loss)  # each keeps its graph alive
    return history


model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
loader = DataLoader(MNIST("data", download=True, transform=ToTensor()), batch_size=64, shuffle=True)
history = train(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
print("first", history[0].item(), "last", history[-1].item())
