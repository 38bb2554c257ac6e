import torch
import torch.nn.functional as F
from torchvision import datasets, transforms

class Softmax(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.W = torch.nn.Parameter(torch.zeros(10, 784))
        self.b = torch.nn.Parameter(torch.zeros(10))
    def forward(self, x):
        return F.linear(x.reshape(-1, 784), self.W, self.b)

model = Softmax()
loader = torch.utils.data.DataLoader(
    datasets.MNIST('.', train=True, download=True, transform=transforms.ToTensor()), batch_size=64, shuffle=True)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for ep in range(5):
    for x, y in loader:
        for p in model.parameters():
            p.grad = None
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
    print(ep, loss.item())
