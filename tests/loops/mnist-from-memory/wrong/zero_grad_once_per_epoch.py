# expect: missing-zero-grad
import torch
import torch.nn as nn
import torchvision
from torchvision.transforms import ToTensor

train_ds = torchvision.datasets.MNIST('data', train=True, download=True, transform=ToTensor())
train_dl = torch.utils.data.DataLoader(train_ds, batch_size=64, shuffle=True)

class LogisticRegression(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(784, 10)
    def forward(self, xb):
        return self.lin(xb.view(-1, 784))

model = LogisticRegression()
optim = torch.optim.SGD(model.parameters(), lr=0.1)
loss_function = nn.CrossEntropyLoss()
for epoch in range(5):
    optim.zero_grad()
    for xb, yb in train_dl:
        pred = model(xb)
        loss = loss_function(pred, yb)
        loss.backward()
        optim.step()
    print(epoch, loss.item())
