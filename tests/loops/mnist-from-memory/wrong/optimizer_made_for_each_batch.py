# expect: optimizer-recreated
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


class LitModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(784, 10)

    def forward(self, x):
        return self.layer(x.flatten(1))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def training_step(self, batch):
        x, y = batch
        opt = self.configure_optimizers()
        opt.zero_grad()
        loss = nn.functional.cross_entropy(self(x), y)
        loss.backward()
        opt.step()


loader = DataLoader(datasets.MNIST("d", train=True, download=True, transform=transforms.ToTensor()), 64, shuffle=True)
model = LitModel()
for _ in range(5):
    for batch in loader:
        model.training_step(batch)
