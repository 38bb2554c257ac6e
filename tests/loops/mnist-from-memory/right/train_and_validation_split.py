import torch
import torchvision
from torch import nn
from torch.utils.data import DataLoader, random_split

data = torchvision.datasets.MNIST("data", train=True, download=True, transform=torchvision.transforms.ToTensor())
n_val = len(data) // 20
train_set, val_set = random_split(data, [len(data) - n_val, n_val])
train_dl = DataLoader(train_set, batch_size=64, shuffle=True)
val_dl = DataLoader(val_set, batch_size=64, shuffle=False)

model = nn.Linear(784, 10)
crit = nn.CrossEntropyLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    model.train()
    tr = 0.0
    for x, y in train_dl:
        opt.zero_grad()
        out = model(x.view(len(x), -1))
        loss = crit(out, y)
        loss.backward()
        opt.step()
        tr += loss.item()
    model.eval()
    va = ok = 0
    with torch.no_grad():
        for x, y in val_dl:
            out = model(x.view(len(x), -1))
            va += crit(out, y).item()
            ok += (out.argmax(1) == y).sum().item()
    print(f"{epoch}: train {tr/len(train_dl):.3f} val {va/len(val_dl):.3f} acc {ok/len(val_set):.3f}")
