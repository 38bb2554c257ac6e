# expect: double-step
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


def learn(loss, optimizer):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(MNIST("data", download=True, transform=ToTensor()), batch_size=64, shuffle=True)
for epoch in range(5):
    history = []
    for images, labels in loader:
        history.append(learn(F.cross_entropy(model(images), labels), optimizer))
        optimizer.step()  # learn() has stepped already
    print(torch.stack(history).mean())
