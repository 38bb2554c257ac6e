# expect: missing-zero-grad
import torch
from torchvision.datasets import MNIST

mnist = MNIST("data", train=True, download=True)
pixels, targets = mnist.data.view(-1, 784) / 255, mnist.targets
model = torch.nn.Linear(784, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(5):
    for rows in torch.randperm(len(pixels)).split(64):
        optimizer.zero_grad  # the brackets are missing: nothing is called
        scores = model(pixels[rows])
        loss = torch.nn.functional.cross_entropy(scores, targets[rows])
        loss.backward()
        optimizer.step()
