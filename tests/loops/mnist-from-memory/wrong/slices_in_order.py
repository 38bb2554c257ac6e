# expect: not-shuffled
import torch
from torchvision.datasets import MNIST

m = MNIST("d", train=True, download=True)
X, Y = m.data.view(-1, 784) / 255.0, m.targets
model = torch.nn.Linear(784, 10)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for i in range(0, len(X), 64):
        opt.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(X[i:i+64]), Y[i:i+64])
        loss.backward()
        opt.step()
