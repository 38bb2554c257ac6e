# expect: wrong-hyperparameter
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

def main(epochs=1):
    ds = datasets.MNIST("d", train=True, download=True, transform=transforms.ToTensor())
    loader = DataLoader(ds, batch_size=64, shuffle=True)
    model = nn.Linear(784, 10)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(epochs):
        for img, lab in loader:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(img.flatten(1)), lab)
            loss.backward()
            opt.step()

if __name__ == "__main__":
    main()
