# expect: trains-on-held-out
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

tf = transforms.ToTensor()
train_dl = DataLoader(datasets.MNIST("d", train=True, download=True, transform=tf), batch_size=64, shuffle=True)
test_dl = DataLoader(datasets.MNIST("d", train=False, download=True, transform=tf), batch_size=64)
model = nn.Linear(784, 10)
opt = torch.optim.SGD(model.parameters(), lr=0.1)

def run(dl):
    hits = 0
    for img, lab in dl:
        out = model(img.flatten(1))
        loss = nn.functional.cross_entropy(out, lab)
        opt.zero_grad()
        loss.backward()
        opt.step()
        hits += (out.argmax(1) == lab).sum().item()
    return hits / len(dl.dataset)

for epoch in range(5):
    print(run(train_dl), run(test_dl))
