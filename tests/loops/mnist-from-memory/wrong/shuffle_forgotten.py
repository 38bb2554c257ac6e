# expect: not-shuffled
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

def get_loader(train):
    return DataLoader(datasets.MNIST("d", train=train, download=True, transform=transforms.ToTensor()), batch_size=64)

train_dl, test_dl = get_loader(True), get_loader(False)
model = nn.Linear(784, 10)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for img, lab in train_dl:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(img.flatten(1)), lab)
        loss.backward()
        opt.step()
