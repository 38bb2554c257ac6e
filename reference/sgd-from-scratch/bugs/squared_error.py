# expect: wrong-loss
import torch


def train(model, loader, criterion, lr, epochs):
    for _ in range(epochs):
        for x, y in loader:
            model.zero_grad()
            loss = torch.nn.functional.mse_loss(model(x), torch.eye(3)[y])
            loss.backward()
            for p in model.parameters():
                p.data -= lr * p.grad
