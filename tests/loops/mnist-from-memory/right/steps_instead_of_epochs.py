import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

def endless(dl):
    while True:
        for b in dl:
            yield b

dl = DataLoader(datasets.MNIST("x", download=True, transform=transforms.ToTensor()), batch_size=64, shuffle=True)
model = nn.Linear(784, 10)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
max_steps = 5 * len(dl)
stream = endless(dl)
for step in range(max_steps):
    x, y = next(stream)
    opt.zero_grad()
    loss = nn.functional.cross_entropy(model(x.view(-1, 784)), y)
    loss.backward()
    opt.step()
    if step % 100 == 0 or step == max_steps - 1:
        print(step, loss.item())
