# expect: logits-into-nll
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(784, 10)

    def forward(self, images):
        return torch.softmax(self.layer(images.view(-1, 784)), dim=1)  # the logarithm is missing


model = Digits()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for x, y in DataLoader(
        datasets.MNIST("data", download=True, transform=transforms.ToTensor()), batch_size=64, shuffle=True
    ):
        loss = nn.functional.nll_loss(model(x), y)
        model.zero_grad()
        loss.backward()
        optimizer.step()
