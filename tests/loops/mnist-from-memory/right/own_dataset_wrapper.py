import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.datasets import MNIST

class FlatMNIST(Dataset):
    def __init__(self, train):
        base = MNIST("data", train=train, download=True)
        self.x = base.data.view(-1, 784).to(torch.float32) / 255.0
        self.y = base.targets
    def __len__(self):
        return len(self.y)
    def __getitem__(self, i):
        return self.x[i], self.y[i]

train_loader = DataLoader(FlatMNIST(True), batch_size=64, shuffle=True, num_workers=0)
test_loader = DataLoader(FlatMNIST(False), batch_size=500)
model = nn.Linear(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loss_fn = nn.CrossEntropyLoss()

best = 0
for epoch in range(5):
    model.train()
    for x, y in train_loader:
        pred = model(x)
        loss = loss_fn(pred, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        acc = sum((model(x).argmax(1) == y).sum().item() for x, y in test_loader) / len(test_loader.dataset)
    best = max(best, acc)
    print(f"epoch {epoch + 1}: {acc:.4f} (best {best:.4f})")
