# expect: trains-on-held-out
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


class Experiment:
    def __init__(self):
        self.model = nn.Linear(784, 10)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def loader(self, train):
        data = datasets.MNIST("data", train=train, download=True, transform=transforms.ToTensor())
        return DataLoader(data, batch_size=64, shuffle=True)

    def pass_over(self, loader):
        right = seen = 0
        for images, labels in loader:
            scores = self.model(images.reshape(-1, 784))
            self.optimizer.zero_grad()
            nn.functional.cross_entropy(scores, labels).backward()
            self.optimizer.step()  # also when the loader is the test set's
            right += (scores.argmax(1) == labels).sum().item()
            seen += len(labels)
        return right / seen


experiment = Experiment()
for epoch in range(5):
    print("train", experiment.pass_over(experiment.loader(train=True)))
    print("test", experiment.pass_over(experiment.loader(train=False)))
