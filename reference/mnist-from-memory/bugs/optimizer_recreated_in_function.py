# expect: optimizer-recreated
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


def train_step(model, images, labels, lr=0.1):
    sgd = torch.optim.SGD(model.parameters(), lr)
    loss = F.cross_entropy(model(images), labels)
    model.zero_grad()
    loss.backward()
    sgd.step()
    return loss.item()


model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
loader = DataLoader(MNIST("data", download=True, transform=ToTensor()), batch_size=64, shuffle=True)
for epoch in range(5):
    print(sum(train_step(model, images, labels) for images, labels in loader) / len(loader))
