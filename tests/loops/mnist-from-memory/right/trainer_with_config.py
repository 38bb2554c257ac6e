from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor


@dataclass(frozen=True)
class Config:
    lr: float = 0.1
    epochs: int = 5
    batch: int = 64
    root: str = "datasets"


class Trainer:
    def __init__(self, cfg: Config):
        self.cfg = cfg
        self.model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
        self.opt = torch.optim.SGD(self.model.parameters(), lr=cfg.lr)
        self.loss = nn.CrossEntropyLoss()

    def loader(self, train):
        data = MNIST(self.cfg.root, train=train, download=True, transform=ToTensor())
        return DataLoader(data, batch_size=self.cfg.batch, shuffle=train, drop_last=train)

    def fit(self):
        dl = self.loader(True)
        for _ in range(self.cfg.epochs):
            for batch in dl:
                self._step(*batch)
        return self

    def _step(self, x, y):
        self.opt.zero_grad(set_to_none=True)
        self.loss(self.model(x), y).backward()
        self.opt.step()

    @torch.no_grad()
    def score(self):
        self.model.eval()
        pairs = [((self.model(x).argmax(1) == y).sum().item(), len(y)) for x, y in self.loader(False)]
        return sum(a for a, _ in pairs) / sum(b for _, b in pairs)


print(Trainer(Config()).fit().score())
