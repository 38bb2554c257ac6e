"""Right: a trainer that holds an iterator and asks it for batches until it is empty, then makes a new one."""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

torch.manual_seed(1234)


class Trainer:
    def __init__(self, dataset, epochs=5, batch_size=64, rate=0.1):
        self.loader = DataLoader(dataset, batch_size=batch_size, shuffle=True)
        self.model = nn.Linear(784, 10)
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=rate)
        self.epochs_left = epochs
        self.iterator = iter(self.loader)

    def next_batch(self):
        try:
            return next(self.iterator)
        except StopIteration:
            self.epochs_left -= 1
            if not self.epochs_left:
                return None
            self.iterator = iter(self.loader)
            return next(self.iterator)

    def step(self, images, labels):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(images.flatten(1)), labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def run(self):
        while (batch := self.next_batch()) is not None:
            self.last_loss = self.step(*batch)


trainer = Trainer(datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor()))
trainer.run()
print("last loss", trainer.last_loss)
