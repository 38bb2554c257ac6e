import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, RandomSampler
from torchvision import datasets, transforms

ds = datasets.MNIST(root="data", train=True, download=True, transform=transforms.ToTensor())
dl = DataLoader(ds, sampler=RandomSampler(ds), batch_size=64)
model = nn.Linear(in_features=784, out_features=10, bias=True)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.0)
scheduler = LambdaLR(optimizer, lambda e: 1.0)
criterion = nn.CrossEntropyLoss(reduction="mean")
for epoch in range(5):
    for x, y in dl:
        optimizer.zero_grad()
        logits = model(x.reshape(x.shape[0], 784))
        loss = criterion(logits, y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 50.0)
        optimizer.step()
    scheduler.step()
