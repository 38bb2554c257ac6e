import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

dl = DataLoader(datasets.MNIST("data", train=True, download=True, transform=transforms.ToTensor()), 64, True)
model = nn.Linear(784, 10)
opt = torch.optim.SGD(model.parameters(), lr=0.1)

def cross_entropy(logits, y):
    logp = logits - logits.logsumexp(dim=1, keepdim=True)
    return -logp[torch.arange(len(y)), y].mean()

for epoch in range(5):
    running = []
    for x, y in dl:
        loss = cross_entropy(model(x.flatten(1)), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        running.append(loss.detach())
    print(torch.stack(running).mean())
