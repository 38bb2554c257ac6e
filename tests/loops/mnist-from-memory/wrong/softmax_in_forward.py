# expect: softmax-before-cross-entropy
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(784, 10)

    def forward(self, x):
        x = x.view(x.size(0), -1)
        return torch.softmax(self.fc(x), dim=1)

loader = DataLoader(datasets.MNIST("d", train=True, download=True, transform=transforms.ToTensor()), 64, shuffle=True)
model = Net()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss()
for epoch in range(5):
    for img, lab in loader:
        opt.zero_grad()
        loss = criterion(model(img), lab)
        loss.backward()
        opt.step()
